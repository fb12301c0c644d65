"""The executions of a planned run, one after another; each result is stored before the next begins."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.benchmarking.execute import execute
from engine.benchmarking.progressive import should_skip
from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.result import Failure, FailureKind, Provenance, Result, ResultStatus
from engine.domain.run import Plan, PlannedCase
from engine.domain.skillset import Skillset
from engine.errors import SkillsetFailure
from engine.stats.quantiles import median
from engine.storage import facts as stored_facts
from engine.storage import results
from engine.workflows.budget_clock import BudgetClock
from engine.workflows.check_request import devices_of
from engine.workflows.device_turns import Cancelled, DeviceTurns
from engine.workflows.live_run import LiveRun
from engine.workflows.supply_skillset import supply_skillset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)

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
    waiting = [item for item in plan.planned if (item.case.case_id, item.repetition) not in rows]
    indices = {(item.case.case_id, item.repetition): index for index, item in enumerate(plan.planned)}
    supplied: dict[str, Skillset | Failure] = {}
    clock = BudgetClock(live)
    for position, item in enumerate(waiting):
        index = indices[item.case.case_id, item.repetition]
        beyond = clock.refusal(item, history)
        if beyond is not None:
            left_out = unexecuted(live, item.case, item.repetition, ResultStatus.SKIPPED, beyond)
            _store(workbench, live, index, left_out)
            rows[item.case.case_id, item.repetition] = left_out
            continue
        live.set_remaining(clock.remaining(waiting[position:], history))
        asked_at = time.monotonic()
        with turns.turn(devices, live.cancel, on_wait=lambda: live.set_step("Waiting for another measurement")):
            clock.add_waiting(time.monotonic() - asked_at)
            try:
                result = _one_result(workbench, live, item, index, list(rows.values()), supplied)
            except Cancelled:
                live.leave_case(index)
                raise
        if live.cancel.is_set() and result.status is not ResultStatus.COMPLETED:
            _keep_cancelled(workbench, live, index, result)
            raise Cancelled
        _store(workbench, live, index, result)
        rows[item.case.case_id, item.repetition] = result
        if result.status is ResultStatus.COMPLETED:
            history.append((item.case, result.duration_seconds))


def _one_result(
    workbench: Workbench,
    live: LiveRun,
    item: PlannedCase,
    index: int,
    earlier: Sequence[Result],
    supplied: dict[str, Skillset | Failure],
) -> Result:
    """The outcome of one execution, whatever it is; `supplied` keeps each type's skillset or why there is none."""
    run, case = live.run, item.case
    if run.request.progressive:
        hopeless = should_skip(case, _same_series(case, earlier))
        if hopeless is not None:
            return unexecuted(live, case, item.repetition, ResultStatus.SKIPPED, hopeless)
    live.begin_case(index, f"Preparing {case.model_type}")
    if case.model_type not in supplied:
        supplied[case.model_type] = _supply(workbench, live, case.model_type)
    skillset = supplied[case.model_type]
    if isinstance(skillset, Failure):
        return unexecuted(live, case, item.repetition, ResultStatus.FAILED, skillset)
    processes = run.request.protocol.processes
    live.set_step(f"{case.label}, process {item.repetition + 1} of {processes}")
    return execute(
        workbench.cold_launcher if case.cold else workbench.launcher,
        case,
        item.repetition,
        run_id=run.run_id,
        skillset_path=skillset.path,
        protocol=run.request.protocol,
        environment_id=run.environment_id,
        estimated_bytes=item.estimated_bytes,
        cancel=live.cancel,
        on_log=live.add_log,
    )


def _supply(workbench: Workbench, live: LiveRun, model_type: str) -> Skillset | Failure:
    try:
        return supply_skillset(workbench, model_type, cancel=live.cancel, on_log=live.add_log)
    except SkillsetFailure as problem:
        return Failure(kind=FailureKind.ERROR, reason=problem.message)


def unexecuted(live: LiveRun, case: Case, repetition: int, status: ResultStatus, failure: Failure) -> Result:
    """The row of an execution that no process carried out."""
    return Result(
        result_id=uuid4().hex,
        run_id=live.run.run_id,
        case=case,
        repetition=repetition,
        status=status,
        provenance=Provenance.MEASURED,
        environment_id=live.run.environment_id,
        requested_backend=case.backend,
        actual_device=None,
        started_at=datetime.now(UTC),
        duration_seconds=0.0,
        failure=failure,
    )


def _same_series(case: Case, earlier: Sequence[Result]) -> list[Result]:
    """Results of this case at any batch size."""
    return [result for result in earlier if replace(result.case, batch_size=case.batch_size) == case]


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


def _store(workbench: Workbench, live: LiveRun, index: int, result: Result) -> None:
    def save(cursor: DuckDBPyConnection) -> None:
        results.save(cursor, result)
        if result.facts is not None:
            stored_facts.save(cursor, result.case.case_id, result.facts)

    workbench.database.write(save)
    live.end_case(index, result)
    live.add_log(_outcome_line(result))


def _keep_cancelled(workbench: Workbench, live: LiveRun, index: int, result: Result) -> None:
    """A person's cancelling is a row; the program's end is not, the execution will simply be done again."""
    if live.is_closing:
        live.leave_case(index)
    else:
        _store(workbench, live, index, result)


def _past_durations(workbench: Workbench, live: LiveRun) -> list[tuple[Case, float]]:
    with workbench.database.cursor() as cursor:
        return results.durations(cursor, live.run.environment_id, HISTORY)


def _outcome_line(result: Result) -> str:
    clock = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
    head = f"{clock} {result.case.label}, process {result.repetition + 1}:"
    if result.failure is not None:
        return f"{head} {result.status}, {result.failure.reason}"
    latency = result.measurement(Metric.LATENCY)
    if latency is not None:
        return f"{head} {median(latency.samples):.4g} s over {len(latency.samples)} iterations"
    return f"{head} {result.status} in {result.duration_seconds:.3g} s"
