"""Software that executes: cpu, onnxruntime, openvino and qnn run where they are; cuda, rocm and mps are detected."""

from __future__ import annotations

from engine.backends.backend import Backend
from engine.backends.cpu import CpuBackend
from engine.backends.detected_only import CudaBackend, MpsBackend, RocmBackend
from engine.backends.onnxruntime import OnnxruntimeBackend
from engine.backends.openvino import OpenvinoBackend
from engine.backends.qnn import QnnBackend
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
