"""torch on the GPUs that it reaches through torch.cuda, NVIDIA's and AMD's: all but their detection is the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from engine.backends.absence import missing, refuse_unless_available
from engine.backends.presence import installed_version
from engine.backends.torch_device import (
    AllocatorPeak,
    fix_threads,
    keep_fp32,
    open_context,
    seconds_by_events,
)
from engine.domain.hardware import BackendStatus

FIRST = "cuda:0"
"""The GPU that is measured, as torch calls it whoever made it."""


class TorchGpuBackend(ABC):
    name: str
    device: str
    """As skillsets call it."""

    @abstractmethod
    def status(self) -> BackendStatus:
        """What torch, which is installed, and the kernel say of the GPUs."""

    @abstractmethod
    def absence(self) -> BackendStatus | None:
        """The status where torch, which is installed, sees no GPU; None where it sees one. Touches none."""

    def detect(self) -> BackendStatus:
        return self._without_torch() or self.status()

    def prepare(self, threads: int | None) -> int:
        absence = self._without_torch() or self.absence()
        if absence is not None:
            refuse_unless_available(absence)
        import torch

        keep_fp32(torch)
        return fix_threads(torch, threads)

    def open_context(self) -> None:
        import torch

        open_context(torch, FIRST)

    def synchronize(self) -> None:
        import torch

        torch.cuda.synchronize()

    def seconds_of(self, action: Callable[[], object]) -> float:
        import torch

        return seconds_by_events(torch.cuda, action)

    def memory_meter(self) -> AllocatorPeak:
        import torch

        return AllocatorPeak(torch.cuda)

    def _without_torch(self) -> BackendStatus | None:
        if installed_version("torch") is None:
            return missing(self.name, "torch is not installed; the extra `measure` brings it.")
        return None
