"""The executions of a planned run, one after another, side by side or in turns; each result is stored at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.domain.against import partner_of
from engine.domain.case import Case
from engine.domain.result import Failure, Result, ResultStatus
from engine.domain.run import Plan, PlannedCase, RunRequest
from engine.domain.skillset import Skillset
from engine.formatting import format_conditions
from engine.storage import results
from engine.workflows.budget_clock import BudgetClock
from engine.workflows.check_request import devices_of
from engine.workflows.device_turns import DeviceTurns
from engine.workflows.execution_rows import store, unexecuted
from engine.workflows.lanes import Lanes
from engine.workflows.live_run import LiveRun
from engine.workflows.preflight import preflight
from engine.workflows.side_by_side import at_once, processor_slots
from engine.workflows.turn_taking import TurnTaking

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.workflows.workbench import Workbench

HISTORY = 2000
"""Past durations that the estimate of the remaining time draws on."""


def execute_plan(workbench: Workbench, live: LiveRun, plan: Plan, done: Sequence[Result], turns: DeviceTurns) -> None:
    """Execute what has no row yet; raises Cancelled when told to stop and StorageError when rows cannot be kept.

    A failing case is a row and the run goes on.
    """
    rows = {(result.case.case_id, result.repetition): result for result in done}
    _store_left_out(workbench, live, plan, rows)
    history = _past_durations(workbench, live)
    devices = devices_of(live.run.request)
    slots = processor_slots(live.run.request)
    waiting = [item for item in plan.planned if (item.case.case_id, item.repetition) not in rows]
    indices = {(item.case.case_id, item.repetition): index for index, item in enumerate(plan.planned)}
    supplied: dict[str, Skillset | Failure] = {}
    failed_exports: dict[str, Failure] = {}
    clock = BudgetClock(live)
    in_turns = TurnTaking()

    def keep(item: PlannedCase, result: Result) -> None:
        store(workbench, live, indices[item.case.case_id, item.repetition], result)
        rows[item.case.case_id, item.repetition] = result
        if result.status is ResultStatus.COMPLETED:
            history.append((item.case, result.duration_seconds))

    position = 0
    for planned in (
        at_once(waiting, slots, progressive=live.run.request.progressive)
        if slots
        else _neighbours(waiting, live.run.request)
    ):
        group = []
        for item in planned:
            beyond = clock.refusal(item, history)  # a run in pairs has no budget
            if beyond is None:
                group.append(item)
            else:
                keep(item, unexecuted(live, item.case, item.repetition, ResultStatus.SKIPPED, beyond))
        if not group:
            position += len(planned)
            continue
        remaining = clock.remaining(waiting[position:], history)
        if remaining is not None and slots:  # all of them at once, or none
            remaining = remaining[0] / len(slots), remaining[1]
        live.set_remaining(remaining)
        asked_at = time.monotonic()
        with turns.turn(devices, live.cancel, on_wait=live.set_step):
            clock.add_waiting(time.monotonic() - asked_at)
            if position == 0:
                _look_at_the_machine(workbench, live)
            lanes = Lanes(workbench, live, indices, rows, supplied, failed_exports, keep)
            with live.unbroken():
                if slots:
                    lanes.run_side_by_side(group, slots)
                elif in_turns.is_for(group):
                    lanes.run_in_turns(group)
                else:
                    lanes.run_one_by_one(group)
        position += len(planned)


def _neighbours(waiting: Sequence[PlannedCase], request: RunRequest) -> list[list[PlannedCase]]:
    """What is executed in one turn: the two of a pair, so that nobody measures between them, else one by one."""
    groups: list[list[PlannedCase]] = []
    for item in waiting:
        if groups and _are_a_pair(groups[-1], item, request):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _are_a_pair(group: Sequence[PlannedCase], item: PlannedCase, request: RunRequest) -> bool:
    if request.against is None or len(group) > 1 or group[0].repetition != item.repetition:
        return False
    return partner_of(request.against, item.case, [group[0].case]) == group[0].case


def _look_at_the_machine(workbench: Workbench, live: LiveRun) -> None:
    """Say in the run's log what will disturb it; each result carries its own state, and none is left out for it."""
    if workbench.device_claims is None:  # nothing really runs
        return
    live.set_step("Looking at the machine")
    state, warnings = preflight(live.cancel)
    for line in warnings or ["Nothing was found that would disturb measurements."]:
        live.add_log(f"Preflight: {line}")
    live.add_log(f"Preflight: {format_conditions([state])}.")


def _store_left_out(workbench: Workbench, live: LiveRun, plan: Plan, rows: dict[tuple[str, int], Result]) -> None:
    fresh = [
        (len(plan.planned) + index, unexecuted(live, left_out.case, 0, ResultStatus.SKIPPED, left_out.failure))
        for index, left_out in enumerate(plan.skipped)
        if (left_out.case.case_id, 0) not in rows
    ]
    if not fresh:
        return

    def save_all(cursor: DuckDBPyConnection) -> None:
        for _, result in fresh:
            results.save(cursor, result)

    workbench.database.write(save_all)
    for _, result in fresh:
        rows[result.case.case_id, 0] = result


def _past_durations(workbench: Workbench, live: LiveRun) -> list[tuple[Case, float]]:
    with workbench.database.cursor() as cursor:
        return results.durations(cursor, live.run.environment_id, HISTORY)
