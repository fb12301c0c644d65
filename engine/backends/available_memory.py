"""How much memory a new process may still use."""

from __future__ import annotations

import psutil

from engine.backends.control_group import ControlGroups


def available_memory_bytes(groups: ControlGroups | None = None) -> int:
    """Of the machine, or of the control group where that is less."""
    available = int(psutil.virtual_memory().available)
    free_in_group = (groups or ControlGroups()).free_memory_bytes()
    return available if free_in_group is None else min(available, free_in_group)
