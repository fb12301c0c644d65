"""The rows of executions: stored as soon as they are there, and those of executions that no process carried out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.result import Failure, Provenance, Result, ResultStatus
from engine.domain.workload_metrics import RATES
from engine.formatting import format_value
from engine.stats.quantiles import median
from engine.storage import facts as stored_facts
from engine.storage import results
from engine.workflows.live_run import LiveRun

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.workflows.workbench import Workbench


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


def store(workbench: Workbench, live: LiveRun, index: int, result: Result) -> None:
    def save(cursor: DuckDBPyConnection) -> None:
        results.save(cursor, result)
        if result.facts is not None:
            stored_facts.save(cursor, result.case.case_id, result.facts)

    workbench.database.write(save)
    live.end_case(index, result)
    live.add_log(_outcome_line(result))


def keep_cancelled(workbench: Workbench, live: LiveRun, index: int, result: Result) -> None:
    """A person's cancelling is a row; the program's end is not, the execution will simply be done again."""
    if live.is_closing:
        live.leave_case(index)
    else:
        store(workbench, live, index, result)


def _outcome_line(result: Result) -> str:
    clock = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
    head = f"{clock} {result.case.label}, process {result.repetition + 1}:"
    if result.failure is not None:
        return f"{head} {result.status}, {result.failure.reason}"
    latency = result.measurement(Metric.LATENCY)
    if latency is not None:
        return f"{head} {median(latency.samples):.4g} s over {len(latency.samples)} iterations"
    rate = result.measurement(RATES[result.case.workload]) if result.case.workload in RATES else None
    if rate is not None:
        return f"{head} {format_value(median(rate.samples), rate.metric)}"
    return f"{head} {result.status} in {result.duration_seconds:.3g} s"
