"""How many CPU cores this process may really use."""

from __future__ import annotations

import math
import os
from pathlib import Path


def usable_logical_cores() -> int:
    """Logical cores that the scheduler lets this process use, within a container's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_quota()
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def usable_physical_cores() -> int:
    """Physical cores among them: one thread each is what dense arithmetic gains from."""
    import psutil

    physical = psutil.cpu_count(logical=False)
    usable = usable_logical_cores()
    return usable if physical is None else max(1, min(physical, usable))


def _cgroup_quota() -> float | None:
    """CPUs' worth of time that the control group grants; None without a limit."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)
