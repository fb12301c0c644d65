"""Which executions of a run go on at once, each on physical cores of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence

from engine.backends.available_memory import available_memory_bytes
from engine.backends.cores import usable_physical_cores
from engine.backends.pinning import slots_of
from engine.domain.case import Workload
from engine.domain.run import PlannedCase, RunRequest
from engine.errors import InvalidValue
from engine.formatting import counted
from engine.graphs.limits import is_graph
from engine.workflows.device_turns import computes_on_processor

_MEMORY_SHARE = 0.7
"""Of what is free that estimates of cases at once may come to: each is some percent off."""

Slots = Sequence[tuple[int, ...]]
"""Logical cores of each case at once."""


def processor_slots(request: RunRequest) -> Slots:
    """Cores for each case at once; none of a run that was not asked to. Raises InvalidValue where two do not fit."""
    threads = request.threads
    if not request.protocol.side_by_side or threads is None:
        return []
    cores = usable_physical_cores()
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else ()
    slots = slots_of(threads, allowed)[: cores // threads]
    if len(slots) < 2:
        raise InvalidValue(
            f"Two cases of {counted(threads, 'thread')} do not fit side by side on the "
            f"{counted(cores, 'physical core')} here; give fewer threads, or leave side by side out.",
            field="side_by_side",
        )
    return slots


def at_once(waiting: Sequence[PlannedCase], slots: Slots) -> list[list[PlannedCase]]:
    """The executions in their order, as many together as have cores and memory; the rest one by one.

    Alone stay what occupies more than its cores: workers, GPUs, and what still exports its graph.
    """
    groups: list[list[PlannedCase]] = []
    room = _MEMORY_SHARE * available_memory_bytes()
    for item in waiting:
        last = groups[-1] if groups else []
        is_beside = 0 < len(last) < len(slots) and _may_share(item) and all(map(_may_share, last))
        if is_beside and sum(_bytes(one) for one in (*last, item)) <= room:
            last.append(item)
        else:
            groups.append([item])
    return groups


def _may_share(item: PlannedCase) -> bool:
    case = item.case
    exports = is_graph(case) and item.repetition == 0
    return computes_on_processor(case.backend) and case.workload is not Workload.CONCURRENCY and not exports


def _bytes(item: PlannedCase) -> int:
    return item.estimated_bytes or 0
