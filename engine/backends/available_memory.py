"""How much memory a new process may still use."""

from __future__ import annotations

from collections.abc import Callable

import psutil

from engine.backends.control_group import ControlGroups
from engine.backends.nvml import Nvml, NvmlRefusal, load_nvml


def available_memory_bytes(groups: ControlGroups | None = None) -> int:
    """Of the machine, or of the control group where that is less."""
    available = int(psutil.virtual_memory().available)
    free_in_group = (groups or ControlGroups()).free_memory_bytes()
    return available if free_in_group is None else min(available, free_in_group)


def free_gpu_bytes(board: str | None, library: Callable[[], Nvml] = load_nvml) -> int | None:
    """Of an NVIDIA GPU, by its UUID; None where nobody tells: of boards of others, or of a part of a board."""
    if board is None:
        return None
    try:
        return library().free_bytes(board)
    except NvmlRefusal:
        return None
