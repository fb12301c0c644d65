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


def nvidia_driver(file: Path = Path("/proc/driver/nvidia/version")) -> str | None:
    """The version of NVIDIA's kernel driver; None without one."""
    words = _text(file).split()
    return next((word for word in words if word[:1].isdigit() and "." in word), None)


def amd_driver(file: Path = Path("/sys/module/amdgpu/version")) -> str | None:
    """The version of AMD's driver where it is newer than the kernel's own; None without one."""
    return _text(file) or None


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
