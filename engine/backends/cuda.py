"""torch on an NVIDIA GPU. A case process initialises the device itself, after the fork; its parent never touches it."""

from __future__ import annotations

from typing import Any

from engine.backends.absence import missing
from engine.backends.presence import nvidia_driver, nvidia_gpus
from engine.backends.torch_device import board_of, trial
from engine.backends.torch_gpu import FIRST, TorchGpuBackend
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus


class CudaBackend(TorchGpuBackend):
    name = "cuda"
    device = "cuda:0"

    def status(self) -> BackendStatus:
        import torch

        return cuda_status(torch, nvidia_gpus(), nvidia_driver())

    def absence(self) -> BackendStatus | None:
        import torch

        return cuda_absence(torch, nvidia_gpus())

    def board(self) -> str | None:
        import torch

        return board_of(torch, FIRST)


def cuda_absence(torch: Any, gpus: tuple[str, ...]) -> BackendStatus | None:
    """The status where `torch` reaches no NVIDIA GPU; None where it sees one, which is not touched."""
    versions = {"torch": str(torch.__version__)}
    if torch.version.cuda is None:
        seen = f"{', '.join(gpus)} is here, but" if gpus else "No NVIDIA GPU is visible, and"
        return missing("cuda", f"{seen} torch {torch.__version__} was built without CUDA.", versions)
    versions["cuda"] = str(torch.version.cuda)
    if torch.cuda.device_count() == 0:
        return missing("cuda", "torch sees no CUDA device: no NVIDIA GPU, no driver, or none made visible.", versions)
    return None


def cuda_status(torch: Any, gpus: tuple[str, ...], driver: str | None) -> BackendStatus:
    """What `torch` (the module) says of NVIDIA GPUs, beside `gpus` and `driver` as the kernel tells of them."""
    absence = cuda_absence(torch, gpus)
    if absence is not None:
        return absence
    versions = {"torch": str(torch.__version__), "cuda": str(torch.version.cuda)}
    facts = {"driver": driver} if driver is not None else {}
    count = torch.cuda.device_count()
    fault = trial(torch, FIRST)
    if fault is not None:
        return missing("cuda", f"cuda:0 is visible, but computes nothing: {fault}.", versions)
    for index in range(count):
        gpu = torch.cuda.get_device_properties(index)
        facts[f"cuda:{index}"] = (
            f"{gpu.name}, {gpu.total_memory / 2**30:.1f} GiB, {gpu.multi_processor_count} multiprocessors, "
            f"compute capability {gpu.major}.{gpu.minor}"
        )
    # Older GPUs emulate bf16, which would be a figure of the emulation: the tensor type came with capability 8.0.
    first = torch.cuda.get_device_properties(0)
    has_bf16 = first.major >= 8
    shorter = (Precision.FP16.value, *([Precision.BF16.value] if has_bf16 else []))
    refused = f"capability {first.major}.{first.minor} has no bf16 arithmetic; it came with 8.0"
    return BackendStatus(
        backend="cuda",
        available=True,
        reason=None,
        devices=tuple(f"cuda:{index}" for index in range(count)),
        versions=versions,
        precisions=(Precision.FP32.value, *shorter),
        refused={} if has_bf16 else {Precision.BF16.value: refused},
        facts=facts,
        board=board_of(torch, FIRST),
    )
