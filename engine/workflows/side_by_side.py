"""Which executions of a run go on at once, each on physical cores of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from engine.backends.available_memory import available_memory_bytes
from engine.backends.cores import usable_physical_cores
from engine.backends.pinning import slots_of
from engine.domain.case import Case, Workload
from engine.domain.run import PlannedCase, RunRequest
from engine.errors import InvalidValue
from engine.formatting import counted
from engine.graphs.limits import is_graph
from engine.workflows.device_turns import computes_on_processor

_MEMORY_SHARE = 0.4
"""Of what is free that cases at once may be expected to take: each gets an equal part, and building takes twice what
a pass does where weights are cast."""

_FIELD = "side_by_side"

Slots = Sequence[tuple[int, ...]]
"""Logical cores of each case at once."""


def processor_slots(request: RunRequest) -> Slots:
    """Cores for each case at once; none of a run that was not asked to. Raises InvalidValue where two do not fit."""
    threads = request.threads
    if not request.protocol.side_by_side or threads is None:
        return []
    cores = usable_physical_cores()
    if not hasattr(os, "sched_setaffinity"):
        raise InvalidValue(
            "This system has no call that binds a process to cores; leave side by side out.", field=_FIELD
        )
    slots = slots_of(threads, os.sched_getaffinity(0))[: cores // threads]
    if len(slots) < 2:
        raise InvalidValue(
            f"Two cases of {counted(threads, 'thread')} do not fit side by side on the "
            f"{counted(cores, 'physical core')} here; give fewer threads, or leave side by side out.",
            field=_FIELD,
        )
    return slots


def at_once(waiting: Sequence[PlannedCase], slots: Slots, *, progressive: bool) -> list[list[PlannedCase]]:
    """The executions in their order, as many together as have cores and memory; the rest one by one.

    Alone stay workers, GPUs and exported graphs, which occupy more than their cores, and with `progressive` batches of
    one model, of which the smaller decides whether the larger is run.
    """
    groups: list[list[PlannedCase]] = []
    available = available_memory_bytes()
    for item in waiting:
        last = groups[-1] if groups else []
        together = [*last, item]
        if (
            0 < len(last) < len(slots)
            and all(map(may_share, together))
            and fit_together(together, available)
            and not (progressive and any(_is_same_series(item.case, one.case) for one in last))
        ):
            last.append(item)
        else:
            groups.append([item])
    return groups


def may_share(item: PlannedCase) -> bool:
    """Whether it keeps to the cores that it is given, and its memory is known or small."""
    case = item.case
    is_alone = case.workload is Workload.CONCURRENCY or is_graph(case) or not computes_on_processor(case.backend)
    return not is_alone and has_known_memory(item)


def has_known_memory(item: PlannedCase) -> bool:
    """Or little of it."""
    return item.estimated_bytes is not None or item.case.is_tiny


def fit_together(items: Sequence[PlannedCase], available_bytes: int) -> bool:
    """Whether each of them has enough with its equal part."""
    return len(items) * max(map(_bytes, items)) <= _MEMORY_SHARE * available_bytes


def _is_same_series(one: Case, other: Case) -> bool:
    return one != other and replace(one, batch_size=other.batch_size) == other


def _bytes(item: PlannedCase) -> int:
    return item.estimated_bytes or 0
