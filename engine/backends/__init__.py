"""Software that executes: cpu runs; cuda, rocm, mps, openvino, onnxruntime and qnn are detected with their reason."""

from __future__ import annotations

from engine.backends.backend import Backend
from engine.backends.cpu import CpuBackend
from engine.backends.detected_only import (
    CudaBackend,
    MpsBackend,
    OnnxruntimeBackend,
    OpenvinoBackend,
    QnnBackend,
    RocmBackend,
)
from engine.registry import Registry

_BACKENDS: list[Backend] = [
    CpuBackend(),
    CudaBackend(),
    RocmBackend(),
    MpsBackend(),
    OpenvinoBackend(),
    OnnxruntimeBackend(),
    QnnBackend(),
]
BACKENDS: Registry[Backend] = Registry("backend", _BACKENDS)
