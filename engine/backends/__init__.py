"""Software that executes: torch on cpu, cuda, rocm, mps; openvino, onnxruntime and qnn are detected with a reason."""

from __future__ import annotations

from engine.backends.backend import Backend
from engine.backends.cpu import CpuBackend
from engine.backends.cuda import CudaBackend
from engine.backends.detected_only import (
    OnnxruntimeBackend,
    OpenvinoBackend,
    QnnBackend,
)
from engine.backends.mps import MpsBackend
from engine.backends.rocm import RocmBackend
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
