"""The processor, through torch."""

from __future__ import annotations

from importlib.util import find_spec

from engine.backends.protocol import unavailable
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus


class CpuBackend:
    name = "cpu"
    device = "cpu"

    def detect(self) -> BackendStatus:
        for package in ("torch", "transformers"):
            if find_spec(package) is None:
                return unavailable(self.name, f"The package {package} is not installed; install the extra `measure`.")
        try:
            import torch
        except (ImportError, OSError) as error:
            return unavailable(self.name, f"torch is installed and cannot be imported: {error}")
        return BackendStatus(
            backend=self.name,
            available=True,
            reason=None,
            devices=("cpu",),
            versions={"torch": torch.__version__},
            precisions=(Precision.FP32.value, Precision.BF16.value),
        )

    def synchronize(self) -> None:
        """Nothing is queued: a forward pass on the processor returns when it is done."""
