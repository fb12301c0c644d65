"""Resident memory of this process, and its peak since a chosen moment."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import psutil

_RESET_PEAK = "5"
"""What Linux takes as: forget the highest resident size so far."""


class PeakMemory:
    """The highest resident memory since it was made, in bytes above the level at that moment."""

    def __init__(self) -> None:
        self._can_reset = False
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
            self._can_reset = True
        self._level = psutil.Process().memory_info().rss
        self._peak_before = _peak_bytes()

    def above_start(self) -> float | None:
        """None where the peak lies before the start and the system cannot forget it."""
        peak = _peak_bytes()
        if peak is None or (not self._can_reset and peak == self._peak_before):
            return None
        return float(max(0, peak - self._level))


def _peak_bytes() -> int | None:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
