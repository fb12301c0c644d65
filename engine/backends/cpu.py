"""torch on the CPU: always there where torch is. Eager, or compiled where the case says so."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from engine.backends.absence import missing
from engine.backends.cores import usable_logical_cores, usable_physical_cores
from engine.backends.presence import installed_version
from engine.backends.torch_device import fix_threads
from engine.domain.case import Precision
from engine.domain.hardware import BackendStatus

_SHORT_TYPES = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16", "bf16": "BF16"}
"""Flags of /proc/cpuinfo that say that a processor multiplies bf16 itself, and how a person calls them."""
_NO_FP16 = "torch computes it by way of fp32"
"""On processors its kernels convert to fp32 and back: a figure would be one of conversions."""


class CpuBackend:
    name = "cpu"
    device = "cpu"

    def detect(self) -> BackendStatus:
        for name in ("torch", "transformers"):
            if installed_version(name) is None:
                return missing(self.name, f"{name} is not installed; the extra `measure` brings it.")
        import torch

        has_int8 = quantization_engine(torch) is not None
        int8 = [Precision.INT8.value] if has_int8 else []
        refused = {Precision.FP16.value: _NO_FP16}
        if not has_int8:
            refused[Precision.INT8.value] = f"torch {torch.__version__} comes without kernels for it"
        return BackendStatus(
            backend=self.name,
            available=True,
            reason=None,
            devices=("cpu",),
            versions={"torch": torch.__version__},
            precisions=(Precision.FP32.value, Precision.BF16.value, *int8),
            refused=refused,
            facts=_facts(torch),
        )

    def prepare(self, threads: int | None) -> int:
        """Threads inside one operation: as asked, else one per physical core this process may use."""
        import torch

        return fix_threads(torch, threads)

    def synchronize(self) -> None:
        """Nothing is queued: an operation on the CPU returns when it is done."""


def quantization_engine(torch: Any) -> str | None:
    """The library whose int8 kernels torch would use; None where it was built without any, or has them no more."""
    if not hasattr(getattr(torch.ao, "quantization", None), "quantize_dynamic"):
        return None
    name = str(torch.backends.quantized.engine)
    return name if name not in ("none", "") else None


def _facts(torch: Any) -> dict[str, str]:
    flags = _cpu_flags()
    natively = [word for flag, word in _SHORT_TYPES.items() if flag in flags]
    compiler = cpp_compiler()
    return {
        "cores": f"{usable_physical_cores()} physical, {usable_logical_cores()} logical, that this process may use",
        "instructions": f"torch's kernels use {torch.backends.cpu.get_cpu_capability()}",
        "bf16": f"by {' and '.join(natively)}" if natively else "emulated: the processor has no instructions for it",
        "int8": f"dynamic quantisation of linear layers, kernels of {quantization_engine(torch)}"
        if quantization_engine(torch)
        else "no kernels in this torch",
        "compile": f"torch.compile with {compiler}" if compiler else "no C++ compiler: install g++ for torch.compile",
    }


def cpp_compiler() -> str | None:
    """The C++ compiler that torch.compile would call, by torch's own rule; None without it."""
    return shutil.which(os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++"))


def _cpu_flags(file: Path = Path("/proc/cpuinfo")) -> set[str]:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return set()
    return next((set(line.split()) for line in lines if line.startswith(("flags", "Features"))), set())
