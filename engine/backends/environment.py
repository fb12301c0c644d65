"""This machine and its libraries, found out without importing any of them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.backends.control_group import ControlGroups
from engine.backends.cores import usable_logical_cores, usable_physical_cores
from engine.backends.presence import installed_version, nvidia_gpus
from engine.domain.hardware import Environment

_LIBRARIES = (
    "torch",
    "transformers",
    "diffusers",
    "numpy",
    "safetensors",
    "tokenizers",
    "accelerate",
    "onnxruntime",
    "openvino",
    "onnx",
    "onnxscript",
    "nncf",
    "onnxruntime-qnn",
)
"""Distributions whose version can change a measurement."""


_CHOICE = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
"""What makes another of several boards the first."""


def detect_environment() -> Environment:
    """The environment of cases measured here and now."""
    import psutil

    found: dict[str, Any] = {
        "os": _operating_system(),
        "cpu": _cpu_name(),
        "architecture": platform.machine(),
        "physical_cores": usable_physical_cores(),
        "logical_cores": usable_logical_cores(),
        "memory_bytes": _memory_bytes(psutil.virtual_memory().total),
        "python": platform.python_version(),
        "libraries": {name: version for name in _LIBRARIES if (version := installed_version(name)) is not None},
        "accelerators": _accelerators(nvidia_gpus(), os.environ),
    }
    return Environment(environment_id=_fingerprint(found), hostname=socket.gethostname(), **found)


def _accelerators(boards: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The boards; of several, also which of them torch may see, because a case runs on the first of those."""
    chosen = [f"{name}={environ[name]}" for name in _CHOICE if name in environ] if len(boards) > 1 else []
    return (*boards, *chosen)


def _fingerprint(found: dict[str, Any]) -> str:
    """A hash of everything told; memory in whole GiB, because what the kernel keeps for itself differs by start."""
    told = {**found, "memory_bytes": round(found["memory_bytes"] / 2**30)}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _operating_system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    kernel = ".".join(platform.release().split(".")[:2])  # what follows are fixes, which come with every update
    return f"{name}, kernel {kernel}"


def _cpu_name() -> str:
    """The model name; where it is as vague as "Intel(R) Xeon(R) Processor", family and model are added."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    name = fields.get("model name")
    if name is None:
        return platform.processor() or platform.machine()
    is_vague = not any(character.isdigit() for character in name)
    return f"{name} (family {fields['cpu family']}, model {fields['model']})" if is_vague else name


def _memory_bytes(total: int) -> int:
    """Memory of the machine or of the control group that this process lives in, whichever is smaller."""
    limit = ControlGroups().memory_limit_bytes()
    return total if limit is None else min(total, limit)
