"""The limits that a container or a service manager sets on this process: Linux control groups, both versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlGroups:
    """Where the kernel tells of them; other places only for tests."""

    root: Path = Path("/sys/fs/cgroup")
    membership: Path = Path("/proc/self/cgroup")

    def processor_limit(self) -> float | None:
        """CPUs' worth of time that the tightest group grants; None without a limit."""
        return min(self._processor_limits(), default=None)

    def memory_limit_bytes(self) -> int | None:
        """The tightest limit; None without one."""
        return min((limit for limit, _ in self._memory()), default=None)

    def free_memory_bytes(self) -> int | None:
        """What the tightest group still grants: file pages that the kernel can drop count as free. None if unlimited.

        Without them a container that has read a large file would seem full.
        """
        return min((max(0, limit - used) for limit, used in self._memory()), default=None)

    def _processor_limits(self) -> Iterator[float]:
        for folder in self._folders():
            words = _text(folder / "cpu.max").split()
            if len(words) == 2 and words[0].isdecimal():
                yield int(words[0]) / int(words[1])
        quota, period = (_text(self.root / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota.isdecimal() and period.isdecimal():  # -1 means no limit
            yield int(quota) / int(period)

    def _memory(self) -> Iterator[tuple[int, int]]:
        """Limit and use of every group that has a limit."""
        names = ("memory.max", "memory.current", "inactive_file")
        older = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        places = [*((folder, names) for folder in self._folders()), (self.root / "memory", older)]
        for folder, (limit_name, used_name, droppable_name) in places:
            limit, used = _text(folder / limit_name), _text(folder / used_name)
            if limit.isdecimal() and used.isdecimal():
                yield int(limit), max(0, int(used) - _statistic(folder / "memory.stat", droppable_name))

    def _folders(self) -> Iterator[Path]:
        """The group of this process and all above it, innermost first; in a container often the root alone."""
        for line in _text(self.membership).splitlines():
            hierarchy, _, path = line.partition("::")
            if hierarchy == "0" and ".." not in path:  # with dots it lies outside of what this process may see
                inner = self.root / path.strip("/")
                while inner != self.root:
                    yield inner
                    inner = inner.parent
        yield self.root


def _statistic(path: Path, name: str) -> int:
    for line in _text(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _text(path: Path) -> str:
    """The file's content; empty where there is no such file, which is where there is no such limit."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
