"""Binding a case process to cores of its own choice, so that the scheduler does not carry its threads about."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from engine.formatting import counted

_TOPOLOGY = Path("/sys/devices/system/cpu")


def cores_to_pin(threads: int, allowed: Collection[int], topology: Path = _TOPOLOGY) -> tuple[int, ...] | None:
    """One logical core on each of `threads` physical ones among `allowed`; None where `no_choice` says why.

    The last cores are taken: the first one serves most interrupts. With as many threads as physical cores each thread
    is kept from the idle hyper-thread beside another, where cores have several.
    """
    by_core = _by_core(allowed, topology)
    if by_core is None or no_choice(threads, allowed, topology) is not None:
        return None
    # Of hyper-threads of one core the lowest number stays; cores in the order of falling numbers.
    return tuple(sorted(list(by_core.values())[:threads]))


def slots_of(threads: int, allowed: Collection[int], topology: Path = _TOPOLOGY) -> list[tuple[int, ...]]:
    """Sets of logical cores, each on `threads` physical ones that no other set has; none where fewer than two fit."""
    by_core = _by_core(allowed, topology)
    if by_core is None or threads < 1:
        return []
    cores = sorted(by_core.values())
    slots = [tuple(cores[at : at + threads]) for at in range(0, len(cores) - threads + 1, threads)]
    return slots if len(slots) > 1 else []


def bind_to(cores: Collection[int]) -> str:
    """Bind this process to these logical cores; a note on what the kernel answers. Raises OSError where it refuses."""
    os.sched_setaffinity(0, cores)
    bound = counted(len(os.sched_getaffinity(0)), "core")
    return f"Side by side: bound to {bound} of its own; cases on others may have shared caches and memory bandwidth."


def no_choice(threads: int, allowed: Collection[int], topology: Path = _TOPOLOGY) -> str | None:
    """Why binding so many threads would change nothing or crowd them, in a clause; None where there is a choice."""
    by_core = _by_core(allowed, topology)
    if by_core is None:
        return "the kernel does not tell which logical cores lie together"
    if threads > len(by_core):
        return f"{counted(threads, 'thread')} are more than the {counted(len(by_core), 'physical core')}"
    if threads == len(allowed):
        return f"as many cores as threads, {threads}, leave nothing to choose"
    return None


def pin_to_cores(threads: int) -> str:
    """Bind this process, all of its threads to come, as `cores_to_pin` says; a note on what it is bound to after that.

    The note is of what the kernel answers, not of what it was asked for.
    """
    if not hasattr(os, "sched_setaffinity"):
        return "Not pinned: this system has no call for it."
    allowed = os.sched_getaffinity(0)
    cores = cores_to_pin(threads, allowed)
    if cores is None:
        return f"Not pinned: {no_choice(threads, allowed)}."
    try:
        os.sched_setaffinity(0, cores)
    except OSError as error:
        return f"Not pinned: {error.strerror}."
    bound = sorted(os.sched_getaffinity(0))
    return f"Pinned to {'cores' if len(bound) > 1 else 'core'} {', '.join(map(str, bound))}."


def pinning_possibility(topology: Path = _TOPOLOGY) -> str:
    """Whether a case can be pinned here, in words."""
    if not hasattr(os, "sched_setaffinity"):
        return "not available: this system has no call for it"
    allowed = os.sched_getaffinity(0)
    by_core = _by_core(allowed, topology)
    if by_core is None or len(allowed) == 1:
        return "nothing to choose: one core, or the kernel does not tell which lie together"
    most = len(by_core) if len(allowed) > len(by_core) else len(by_core) - 1
    threads = f"up to {most} threads" if most > 1 else "one thread"
    return f"possible, on {len(allowed)} logical cores; --pin does it for cases with {threads}, not for workers"


def _by_core(allowed: Collection[int], topology: Path) -> dict[str, int] | None:
    """The lowest logical core of each physical one, the last of these first; None where the kernel does not tell."""
    found: dict[str, int] = {}
    for number in sorted(allowed, reverse=True):
        try:
            siblings = (topology / f"cpu{number}/topology/thread_siblings_list").read_text().strip()
        except OSError:
            return None
        found[siblings] = number
    return found
