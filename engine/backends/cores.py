"""How many CPU cores this process may really use."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from pathlib import Path

from engine.backends.control_group import ControlGroups

_TOPOLOGY = Path("/sys/devices/system/cpu")


def usable_logical_cores(groups: ControlGroups | None = None) -> int:
    """Logical cores that the scheduler lets this process use, within a container's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = (groups or ControlGroups()).processor_limit()
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def usable_physical_cores() -> int:
    """Physical cores among them: one thread each is what dense arithmetic gains from."""
    import psutil

    physical = None
    if hasattr(os, "sched_getaffinity"):
        physical = distinct_cores(os.sched_getaffinity(0))
    if physical is None:
        physical = psutil.cpu_count(logical=False)
    usable = usable_logical_cores()
    return usable if physical is None else max(1, min(physical, usable))


def distinct_cores(logical: Collection[int], topology: Path = _TOPOLOGY) -> int | None:
    """How many physical cores these logical ones lie on; None where the kernel does not tell.

    Two hyper-threads of one core are one core, however many cores the machine has beside it.
    """
    try:
        siblings = {(topology / f"cpu{number}/topology/thread_siblings_list").read_text() for number in logical}
    except OSError:
        return None
    return len(siblings) or None
