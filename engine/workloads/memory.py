"""The memory meter: resident memory above a level, with the kernel's own high-water mark.

A thread that samples would miss short peaks and disturb timing; the kernel's mark misses nothing and costs nothing.
Pages of files, which are code of libraries read in on first use, are left out: they are there in any process.
"""

from __future__ import annotations

import gc
from pathlib import Path

from engine.workloads.allocator import return_freed_memory

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"

UNRESETTABLE = "Peak memory includes building the model: this system does not let the peak be reset before the pass."


class MemoryMeter:
    """Made before the model is built; asked after a pass."""

    def __init__(self) -> None:
        gc.collect()
        return_freed_memory()
        self._level = _anonymous_bytes()
        self.notes: list[str] = []

    def held_bytes(self) -> int | None:
        """What is in use now above the level at making, with all that is free given back; negative where less is.

        None where the kernel does not tell.
        """
        gc.collect()
        return_freed_memory()
        held = _anonymous_bytes()
        return None if held is None or self._level is None else held - self._level

    def start_pass(self) -> None:
        """Forget peaks of the past."""
        if self._level is None:
            return
        return_freed_memory()
        try:
            _CLEAR_REFS.write_text(_RESET_PEAK)
        except OSError:
            self.notes.append(UNRESETTABLE)

    def peak_bytes(self) -> int | None:
        """Highest resident memory since `start_pass` above the level at making; None where the kernel does not tell.

        Never below zero: a pass may use only memory that was free inside the process before.
        """
        if self._level is None:
            return None
        fields = _status_bytes()
        return max(0, fields["VmHWM"] - fields["RssFile"] - self._level)


def _anonymous_bytes() -> int | None:
    try:
        fields = _status_bytes()
    except OSError:
        return None
    return fields["VmRSS"] - fields["RssFile"]


def _status_bytes() -> dict[str, int]:
    fields: dict[str, int] = {}
    for line in _STATUS.read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("VmHWM", "VmRSS", "RssFile"):
            fields[name] = int(rest.split()[0]) * 1024
    return fields
