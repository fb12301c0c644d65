"""Software that executes models; each backend knows whether it can run here and, if not, why."""

from __future__ import annotations

from engine.backends.accelerators import CudaBackend, MpsBackend, RocmBackend
from engine.backends.cpu import CpuBackend
from engine.backends.protocol import Backend
from engine.backends.runtimes import OnnxRuntimeBackend, OpenVinoBackend, QnnBackend
from engine.registry import Registry

BACKENDS: Registry[Backend] = Registry(
    "backend",
    [
        CpuBackend(),
        OnnxRuntimeBackend(),
        OpenVinoBackend(),
        CudaBackend(),
        RocmBackend(),
        MpsBackend(),
        QnnBackend(),
    ],
)
"""In the order in which people are offered them."""
