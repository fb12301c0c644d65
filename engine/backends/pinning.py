"""Binding a case process to cores of its own choice, so that the scheduler does not carry its threads about."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

_TOPOLOGY = Path("/sys/devices/system/cpu")


def cores_to_pin(threads: int, allowed: Collection[int], topology: Path = _TOPOLOGY) -> tuple[int, ...] | None:
    """One logical core on each of `threads` physical ones among `allowed`; None where there is nothing to choose.

    The last cores are taken: the first one serves most interrupts. With as many threads as physical cores every
    choice is the same, and a thread could only be kept from an idle hyper-thread beside it.
    """
    by_core: dict[str, int] = {}
    for number in sorted(allowed, reverse=True):
        try:
            siblings = (topology / f"cpu{number}/topology/thread_siblings_list").read_text().strip()
        except OSError:
            return None
        by_core[siblings] = number
    if threads >= len(by_core):
        return None
    # Of hyper-threads of one core the lowest number stays; cores in the order of falling numbers.
    return tuple(sorted(list(by_core.values())[:threads]))


def pin_to_cores(threads: int) -> list[str]:
    """Bind this process, all of its threads to come, as `cores_to_pin` says; a note on what was done, if anything."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    cores = cores_to_pin(threads, os.sched_getaffinity(0))
    if cores is None:
        return []
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        return [f"Not pinned to cores: {error.strerror}."]
    return [f"Pinned to {'cores' if len(cores) > 1 else 'core'} {', '.join(map(str, cores))}."]


def pinning_possibility(topology: Path = _TOPOLOGY) -> str:
    """Whether a case can be pinned here, in words."""
    if not hasattr(os, "sched_setaffinity"):
        return "not available: this system has no call for it"
    allowed = os.sched_getaffinity(0)
    if cores_to_pin(1, allowed, topology) is None:
        return "nothing to choose: one physical core, or the kernel does not tell which lie together"
    return f"possible, on {len(allowed)} logical cores; done when a case has fewer threads than physical cores"
