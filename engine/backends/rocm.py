"""torch on an AMD GPU: torch for ROCm answers as torch.cuda does; skillsets call the device rocm:0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.backends.absence import missing
from engine.backends.presence import amd_driver
from engine.backends.torch_device import trial
from engine.backends.torch_gpu import FIRST, TorchGpuBackend
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus

_DRIVER_DEVICE = Path("/dev/kfd")


class RocmBackend(TorchGpuBackend):
    name = "rocm"
    device = "rocm:0"

    def status(self) -> BackendStatus:
        import torch

        return rocm_status(torch, has_driver=_DRIVER_DEVICE.exists(), driver=amd_driver())

    def absence(self) -> BackendStatus | None:
        import torch

        return rocm_absence(torch, has_driver=_DRIVER_DEVICE.exists())


def rocm_absence(torch: Any, *, has_driver: bool) -> BackendStatus | None:
    """The status where `torch` reaches no AMD GPU; None where it sees one, which is not touched."""
    versions = {"torch": str(torch.__version__)}
    if torch.version.hip is None:
        seen = "An AMD GPU driver is here, but" if has_driver else "No AMD GPU driver is here, and"
        return missing("rocm", f"{seen} torch {torch.__version__} was built without ROCm.", versions)
    versions["hip"] = str(torch.version.hip)
    if torch.cuda.device_count() == 0:
        return missing("rocm", "torch was built for ROCm and sees no AMD GPU.", versions)
    return None


def rocm_status(torch: Any, *, has_driver: bool, driver: str | None) -> BackendStatus:
    """What `torch` (the module) says of AMD GPUs, beside what the kernel tells."""
    absence = rocm_absence(torch, has_driver=has_driver)
    if absence is not None:
        return absence
    versions = {"torch": str(torch.__version__), "hip": str(torch.version.hip)}
    count = torch.cuda.device_count()
    fault = trial(torch, FIRST)
    if fault is not None:
        return missing("rocm", f"rocm:0 is visible, but computes nothing: {fault}.", versions)
    facts = {"driver": driver} if driver is not None else {}
    for index in range(count):
        gpu = torch.cuda.get_device_properties(index)
        facts[f"rocm:{index}"] = f"{gpu.name}, {gpu.total_memory / 2**30:.1f} GiB, {gpu.gcnArchName}"
    return BackendStatus(
        backend="rocm",
        available=True,
        reason=None,
        devices=tuple(f"rocm:{index}" for index in range(count)),
        versions=versions,
        precisions=(Precision.FP32.value, Precision.FP16.value, Precision.BF16.value),
        facts=facts,
    )
