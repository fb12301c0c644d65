"""Software that executes: torch on cpu, cuda, rocm and mps; graphs on onnxruntime, openvino and qnn."""

from __future__ import annotations

from engine.backends.backend import Backend
from engine.backends.cpu import CpuBackend
from engine.backends.cuda import CudaBackend
from engine.backends.mps import MpsBackend
from engine.backends.onnxruntime import OnnxruntimeBackend
from engine.backends.openvino import OpenvinoBackend
from engine.backends.qnn import QnnBackend
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
