"""What else the machine did while this program had processes of its own at work."""

from __future__ import annotations

import os
import time

from engine.workloads.machine import read_ticks, taken_by_others


class SystemShare:
    """Made before the work, asked after it."""

    def __init__(self) -> None:
        self._before = read_ticks()
        self._own_seconds = time.process_time()

    def taken(self, children_seconds: float) -> tuple[float | None, float | None]:
        """Shares of the machine's CPU time that other programs and the hypervisor took; None where nobody can tell.

        `children_seconds` is the CPU time that the processes at work used beside this one.
        """
        after = read_ticks()
        if self._before is None or after is None:
            return None, None
        own = time.process_time() - self._own_seconds + children_seconds
        return taken_by_others(self._before, after, own * os.sysconf("SC_CLK_TCK"))
