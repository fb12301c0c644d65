"""What machine and which libraries this is, without importing any of them."""

from __future__ import annotations

import hashlib
import json
import platform
import socket
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from engine.domain.hardware import Environment

_LIBRARIES = ("torch", "transformers", "numpy", "tokenizers", "onnxruntime", "openvino")
"""Distributions whose version can change a measurement."""


def detect_environment() -> Environment:
    """This machine as it is now; a few milliseconds."""
    environment = Environment(
        environment_id="",
        hostname=socket.gethostname(),
        os=_operating_system(),
        cpu=_cpu(),
        architecture=platform.machine(),
        physical_cores=psutil.cpu_count(logical=False),
        logical_cores=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        python=platform.python_version(),
        libraries=_versions(),
        accelerators=_accelerators(),
    )
    values = asdict(environment)
    return Environment(**{**values, "environment_id": fingerprint(values)})


def fingerprint(values: Mapping[str, object]) -> str:
    """A hash of everything but the name of the host and the id itself.

    Memory counts in whole GiB: what the kernel keeps for itself differs from start to start.
    """
    told = {name: value for name, value in values.items() if name not in ("environment_id", "hostname")}
    memory = told["memory_bytes"]
    told["memory_bytes"] = round(memory / 2**30) if isinstance(memory, int) else memory
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _operating_system() -> str:
    if platform.system() == "Linux":
        return f"Linux {'.'.join(platform.release().split('.')[:2])}"
    return f"{platform.system()} {platform.release()}"


def _cpu() -> str:
    """The model name as the kernel tells it; the architecture where it tells none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip().casefold() in ("model name", "hardware") and value.strip():
            return " ".join(value.split())
    return platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _accelerators() -> tuple[str, ...]:
    """Graphics processors that the NVIDIA driver tells of; no library is asked."""
    names = []
    for file in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "Model":
                names.append(value.strip())
    return tuple(names)
