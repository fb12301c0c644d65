"""How much memory a new process may still use."""

from __future__ import annotations

from pathlib import Path

import psutil

_GROUP_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def available_memory_bytes() -> int:
    """Of the machine, or of the control group where that is less."""
    available = int(psutil.virtual_memory().available)
    for limit_file, used_file in _GROUP_FILES:
        try:
            limit, used = Path(limit_file).read_text().strip(), Path(used_file).read_text().strip()
        except OSError:
            continue
        if limit.isdecimal() and used.isdecimal():
            available = min(available, max(0, int(limit) - int(used)))
    return available
