"""What else the machine did while a case was measured."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from engine.domain.hardware import MachineState
from engine.workloads.clocks import Clocks

_SHORTEST_SECONDS = 0.5
"""The kernel counts in ticks of 10 ms; over less than this, shares of CPU time would be guesses."""

_PROCESSOR_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal")
"""How drivers call the sensors of Intel's, AMD's and small boards' processors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks:
    """CPU time since boot in clock ticks, over all CPUs or some."""

    total: int
    busy: int
    """Everything but idle, waiting for disks, and time the hypervisor gave to others."""
    steal: int


def read_ticks(cores: Collection[int] | None = None) -> Ticks | None:
    """The kernel's counters now, of all CPUs or of these; None where there are none."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return None
    names = {"cpu"} if cores is None else {f"cpu{core}" for core in cores}
    told = [list(map(int, line.split()[1:9])) for line in lines if line.partition(" ")[0] in names]
    if len(told) < len(names):
        return None
    user, nice, system, idle, waiting, interrupts, soft_interrupts, steal = (
        sum(column) for column in zip(*told, strict=True)
    )
    busy = user + nice + system + interrupts + soft_interrupts
    return Ticks(total=busy + idle + waiting + steal, busy=busy, steal=steal)


class MachineWatch:
    """Made just before a measurement, asked just after."""

    def __init__(
        self,
        read: Callable[[], Ticks | None] = read_ticks,
        clocks: Clocks | None = None,
        partners_seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`partners_seconds` is the CPU time so far of processes that compute while this one waits for its turn."""
        self._read = read
        self._partners_seconds = partners_seconds
        self._clocks = clocks or Clocks()
        self._throttles = self._clocks.throttles()
        self._ticks = read()
        self._started = time.monotonic()
        self._used_before = self._used_seconds()

    def state(self) -> MachineState:
        import psutil

        others, steal = self._shares()
        throttles = self._clocks.throttles()
        return MachineState(
            load_1min=os.getloadavg()[0],
            cpu_busy_others=others,
            cpu_steal=steal,
            frequency_hertz=_frequency_hertz(),
            available_memory_bytes=psutil.virtual_memory().available,
            governor=self._clocks.governor(),
            boost=self._clocks.boost(),
            temperature_celsius=_temperature_celsius(),
            throttled=None if throttles is None or self._throttles is None else throttles > self._throttles,
        )

    def _used_seconds(self) -> float:
        return own_cpu_seconds() + self._partners_seconds()

    def _shares(self) -> tuple[float | None, float | None]:
        """Shares of the machine's CPU time that others and the hypervisor took; None when nobody can tell."""
        now = self._read()
        if self._ticks is None or now is None or time.monotonic() - self._started < _SHORTEST_SECONDS:
            return None, None
        used_seconds = self._used_seconds() - self._used_before
        return taken_by_others(self._ticks, now, used_seconds * os.sysconf("SC_CLK_TCK"))


def own_cpu_seconds() -> float:
    """CPU time of this process and of those that it started and saw end, workers among them."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def taken_by_others(before: Ticks, after: Ticks, own: float) -> tuple[float | None, float | None]:
    """Shares of all CPU time between two readings: of other processes, and of the hypervisor for other machines.

    `own` is what this process, all of its threads together, used of it, in ticks. None when no time has passed.
    """
    total = after.total - before.total
    if total <= 0:
        return None, None
    others = max(0.0, after.busy - before.busy - own) / total
    return min(1.0, others), (after.steal - before.steal) / total


def _frequency_hertz() -> float | None:
    """Of the CPUs on average, just now; None where it cannot be read, which must not cost the measurement."""
    import psutil

    try:
        frequency = psutil.cpu_freq()
    except (AttributeError, NotImplementedError, OSError, RuntimeError):
        return None
    return frequency.current * 1e6 if frequency is not None and frequency.current else None


def _temperature_celsius() -> float | None:
    """The hottest sensor of a processor; None where there is none, as in virtual machines."""
    import psutil

    try:
        sensors = psutil.sensors_temperatures()
    except (AttributeError, OSError, ValueError):
        return None
    readings = [reading.current for name in _PROCESSOR_SENSORS for reading in sensors.get(name, ())]
    return max((degrees for degrees in readings if degrees), default=None)
