"""What else kept the machine busy while something was measured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.domain.hardware import MachineState


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Processor time so far, in seconds, since the machine started."""

    total: float
    busy: float
    """Whole machine, steal included."""
    steal: float
    own: float
    """This process and its ended children."""


def snapshot() -> Snapshot | None:
    """The counters now; None where the system does not tell them."""
    try:
        times = psutil.cpu_times()
    except (OSError, RuntimeError):
        return None
    mine = os.times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # guest time is part of user time already
    total = sum(getattr(times, name, 0.0) for name in _PARTS)
    return Snapshot(
        total=total,
        busy=total - idle,
        steal=getattr(times, "steal", 0.0),
        own=mine.user + mine.system + mine.children_user + mine.children_system,
    )


def machine_state(before: Snapshot | None) -> MachineState:
    """The state over the time since `before`; shares are None where unreadable or too short to tell."""
    after = snapshot()
    others = steal = None
    if before is not None and after is not None and after.total - before.total >= _SHORTEST_SECONDS:
        elapsed = after.total - before.total
        steal = _share(after.steal - before.steal, elapsed)
        foreign = (after.busy - before.busy) - (after.own - before.own) - (after.steal - before.steal)
        others = _share(foreign, elapsed)
    return MachineState(
        load_1min=os.getloadavg()[0],
        cpu_busy_others=others,
        cpu_steal=steal,
        frequency_hertz=_frequency(),
        available_memory_bytes=available_memory_bytes(),
    )


def available_memory_bytes() -> int:
    """What a new process may still use: of the machine, or of the control group where that is less."""
    available = int(psutil.virtual_memory().available)
    for limit_file, used_file in _GROUP_FILES:
        try:
            limit, used = Path(limit_file).read_text().strip(), Path(used_file).read_text().strip()
        except OSError:
            continue
        if limit.isdecimal() and used.isdecimal():
            available = min(available, max(0, int(limit) - int(used)))
    return available


_PARTS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_SHORTEST_SECONDS = 0.2
"""The kernel counts in hundredths of a second; below this a share says nothing."""
_GROUP_FILES = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole))


def _frequency() -> float | None:
    try:
        frequency = psutil.cpu_freq()
    except (OSError, RuntimeError, NotImplementedError):
        return None
    return frequency.current * 1e6 if frequency is not None and frequency.current else None
