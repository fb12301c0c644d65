"""torch in eager mode on the CPU: always there where torch is."""

from __future__ import annotations

from engine.backends.cores import usable_physical_cores
from engine.backends.presence import installed_version
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus


class CpuBackend:
    name = "cpu"
    device = "cpu"

    def detect(self) -> BackendStatus:
        for name in ("torch", "transformers"):
            if installed_version(name) is None:
                reason = f"{name} is not installed; the extra `measure` brings it."
                return BackendStatus(backend=self.name, available=False, reason=reason)
        import torch

        return BackendStatus(
            backend=self.name,
            available=True,
            reason=None,
            devices=("cpu",),
            versions={"torch": torch.__version__},
            precisions=(Precision.FP32.value, Precision.BF16.value),
        )

    def prepare(self, threads: int | None) -> int:
        """Threads inside one operation: as asked, else one per physical core this process may use."""
        import torch

        torch.set_num_threads(threads or usable_physical_cores())
        return int(torch.get_num_threads())

    def synchronize(self) -> None:
        """Nothing is queued: an eager operation on the CPU returns when it is done."""
