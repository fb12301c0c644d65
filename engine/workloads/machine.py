"""What else the machine did while a case was measured."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from engine.domain.hardware import MachineState

_SHORTEST_SECONDS = 0.5
"""The kernel counts in ticks of 10 ms; over less than this, shares of CPU time would be guesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ticks:
    """CPU time since boot in clock ticks, over all CPUs."""

    total: int
    busy: int
    """Everything but idle, waiting for disks, and time the hypervisor gave to others."""
    steal: int


class MachineWatch:
    """Made just before a measurement, asked just after."""

    def __init__(self) -> None:
        self._ticks = _read_ticks()
        self._started = time.monotonic()
        self._own_seconds = time.process_time()

    def state(self) -> MachineState:
        import psutil

        others, steal = self._shares()
        frequency = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
        return MachineState(
            load_1min=os.getloadavg()[0],
            cpu_busy_others=others,
            cpu_steal=steal,
            frequency_hertz=frequency.current * 1e6 if frequency is not None and frequency.current else None,
            available_memory_bytes=psutil.virtual_memory().available,
        )

    def _shares(self) -> tuple[float | None, float | None]:
        """Shares of the machine's CPU time that others and the hypervisor took; None when nobody can tell."""
        now = _read_ticks()
        if self._ticks is None or now is None or time.monotonic() - self._started < _SHORTEST_SECONDS:
            return None, None
        total = now.total - self._ticks.total
        if total <= 0:
            return None, None
        own = (time.process_time() - self._own_seconds) * os.sysconf("SC_CLK_TCK")
        others = max(0.0, now.busy - self._ticks.busy - own) / total
        return min(1.0, others), (now.steal - self._ticks.steal) / total


def _read_ticks() -> _Ticks | None:
    try:
        first = Path("/proc/stat").read_text().splitlines()[0]
    except OSError:
        return None
    user, nice, system, idle, waiting, interrupts, soft_interrupts, steal = map(int, first.split()[1:9])
    busy = user + nice + system + interrupts + soft_interrupts
    return _Ticks(total=busy + idle + waiting + steal, busy=busy, steal=steal)
