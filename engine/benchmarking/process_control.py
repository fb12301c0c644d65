"""What the operating system is asked for so that no process outlives the one that wanted it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with_parent(parent_pid: int) -> None:
    """Be killed when the thread that started this process ends (Linux); at once if that has happened already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies (Linux), so that it can be found and killed."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def prefer_as_victim() -> None:
    """Ask the kernel to kill this process before any other when memory runs out: the case, not the server."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def limit_memory(extra_bytes: int) -> None:
    """Let this process allocate `extra_bytes` more than it has; allocations past that fail.

    Counts private writable memory (RLIMIT_DATA), not address space, so that mapped libraries and reserved but unused
    ranges cost nothing. The hard limit stays, and `lift_memory_limit` can undo it.
    """
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = _data_bytes() + extra_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def lift_memory_limit() -> None:
    """Give back the room that `limit_memory` took: a process that failed needs some to say so."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def memory_left_bytes() -> int | None:
    """What may still be allocated under `limit_memory`; None without a limit."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return None if soft == resource.RLIM_INFINITY else max(0, soft - _data_bytes())


def _data_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def oom_kills() -> int | None:
    """How often the kernel has killed a process for want of memory since boot; None where it does not tell."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def children(pid: int) -> list[int]:
    """Direct children of all threads of `pid`; empty when it is gone."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """Children of `pid`, their children, and so on."""
    found: list[int] = []
    waiting = children(pid)
    while waiting:
        next_pid = waiting.pop()
        found.append(next_pid)
        waiting += children(next_pid)
    return found


def session_of(pid: int) -> int | None:
    """The session that `pid` belongs to; None when it is gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return None


def kill(pid: int) -> None:
    """SIGKILL; a process that is gone is as good as killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_group(pid: int) -> None:
    """SIGKILL everything in the group that `pid` leads, and every other descendant that left the group."""
    strays = descendants(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for stray in strays:
        kill(stray)
