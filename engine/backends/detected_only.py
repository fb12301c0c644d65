"""Backends that this release finds and names, but does not measure with yet; each says exactly what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.backends.presence import installed_version, nvidia_gpus
from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable


class DetectedOnly:
    """What they share: no case runs on them."""

    name: str
    device: str

    def detect(self) -> BackendStatus:
        raise NotImplementedError

    def prepare(self, threads: int | None) -> int:
        raise BackendUnavailable(f"Backend {self.name!r} cannot run here: {self.detect().reason}", field="backends")

    def synchronize(self) -> None:
        """Never reached: `prepare` refuses first."""

    def _missing(self, reason: str, versions: dict[str, str] | None = None) -> BackendStatus:
        return BackendStatus(backend=self.name, available=False, reason=reason, versions=versions or {})

    def _not_in_this_release(self, found: str, devices: tuple[str, ...], versions: dict[str, str]) -> BackendStatus:
        reason = f"{found}, but this release does not measure with {self.name} yet."
        return BackendStatus(backend=self.name, available=False, reason=reason, devices=devices, versions=versions)


class CudaBackend(DetectedOnly):
    name = "cuda"
    device = "cuda"

    def detect(self) -> BackendStatus:
        torch_version = installed_version("torch")
        gpus = nvidia_gpus()
        if torch_version is None:
            return self._missing("torch is not installed.")
        import torch

        versions = {"torch": torch_version}
        if torch.version.cuda is None:
            seen = f"{', '.join(gpus)} is here, but" if gpus else "No NVIDIA GPU is visible, and"
            return self._missing(f"{seen} torch {torch_version} was built without CUDA.", versions)
        versions["cuda"] = torch.version.cuda
        count = torch.cuda.device_count()
        if count == 0:
            return self._missing("torch sees no CUDA device: no NVIDIA GPU, no driver, or none made visible.", versions)
        devices = tuple(f"cuda:{index}" for index in range(count))
        names = ", ".join(torch.cuda.get_device_name(index) for index in range(count))
        return self._not_in_this_release(f"{names} found", devices, versions)


class RocmBackend(DetectedOnly):
    name = "rocm"
    device = "cuda"
    """torch for ROCm calls its devices cuda."""

    def detect(self) -> BackendStatus:
        torch_version = installed_version("torch")
        has_driver = Path("/dev/kfd").exists()
        if torch_version is None:
            return self._missing("torch is not installed.")
        import torch

        versions = {"torch": torch_version}
        if torch.version.hip is None:
            seen = "An AMD GPU driver is here, but" if has_driver else "No AMD GPU driver is here, and"
            return self._missing(f"{seen} torch {torch_version} was built without ROCm.", versions)
        versions["hip"] = torch.version.hip
        count = torch.cuda.device_count()
        if count == 0:
            return self._missing("torch was built for ROCm and sees no AMD GPU.", versions)
        devices = tuple(f"rocm:{index}" for index in range(count))
        return self._not_in_this_release(f"{count} AMD GPUs found", devices, versions)


class MpsBackend(DetectedOnly):
    name = "mps"
    device = "mps"

    def detect(self) -> BackendStatus:
        if sys.platform != "darwin":
            return self._missing(f"Metal exists on Apple machines only; this is {sys.platform}.")
        torch_version = installed_version("torch")
        if torch_version is None:
            return self._missing("torch is not installed.")
        import torch

        versions = {"torch": torch_version}
        if not torch.backends.mps.is_available():
            return self._missing("torch finds no Metal device.", versions)
        return self._not_in_this_release("A Metal device was found", ("mps",), versions)
