"""Which libraries and devices are here, without importing what is heavy."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def installed_version(*distributions: str) -> str | None:
    """The version of the first of `distributions` that is installed; None without any."""
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def nvidia_gpus() -> tuple[str, ...]:
    """Names of NVIDIA GPUs as the kernel driver lists them; empty without the driver."""
    names = []
    for information in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        for line in information.read_text().splitlines():
            if line.startswith("Model:"):
                names.append(line.partition(":")[2].strip())
    return tuple(names)
