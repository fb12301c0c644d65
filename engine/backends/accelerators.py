"""Accelerators that torch drives: looked for, named when found, and not yet measured on."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from engine.backends.protocol import unavailable
from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable

_NO_TORCH = "The package torch is not installed; install the extra `measure`."
_LATER = "this release measures on the cpu only"


class _NotYetMeasured:
    """A backend that is only looked for."""

    name: str
    device: str

    def synchronize(self) -> None:
        raise BackendUnavailable(f"Backend {self.name!r}: {_LATER}.", field="backends")


class CudaBackend(_NotYetMeasured):
    name = "cuda"
    device = "cuda"

    def detect(self) -> BackendStatus:
        if find_spec("torch") is None:
            return unavailable(self.name, _NO_TORCH)
        import torch

        if torch.version.hip is not None:
            return unavailable(self.name, "This torch is built for ROCm, not for CUDA.", torch=torch.__version__)
        if torch.version.cuda is None:
            return unavailable(self.name, "This torch is built without CUDA.", torch=torch.__version__)
        count = torch.cuda.device_count()
        if count == 0:
            return unavailable(self.name, "torch sees no CUDA device.", torch=torch.__version__)
        return unavailable(self.name, f"{_devices(count)} found, but {_LATER}.", torch=torch.__version__)


class RocmBackend(_NotYetMeasured):
    name = "rocm"
    device = "cuda"

    def detect(self) -> BackendStatus:
        if find_spec("torch") is None:
            return unavailable(self.name, _NO_TORCH)
        import torch

        if torch.version.hip is None:
            return unavailable(self.name, "This torch is built without ROCm.", torch=torch.__version__)
        count = torch.cuda.device_count()
        if count == 0:
            return unavailable(self.name, "torch sees no ROCm device.", torch=torch.__version__)
        return unavailable(self.name, f"{_devices(count)} found, but {_LATER}.", torch=torch.__version__)


class MpsBackend(_NotYetMeasured):
    name = "mps"
    device = "mps"

    def detect(self) -> BackendStatus:
        if sys.platform != "darwin":
            return unavailable(self.name, "Metal devices exist on macOS only.")
        if find_spec("torch") is None:
            return unavailable(self.name, _NO_TORCH)
        import torch

        if not torch.backends.mps.is_available():
            return unavailable(self.name, "torch sees no Metal device.", torch=torch.__version__)
        return unavailable(self.name, f"A Metal device was found, but {_LATER}.", torch=torch.__version__)


def _devices(count: int) -> str:
    return "1 device was" if count == 1 else f"{count} devices were"
