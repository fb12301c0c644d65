"""Runs: what was asked for, how far it has come, and the plan that says what is left to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from engine.domain.run import Plan, Run, RunRequest, RunStatus
from engine.errors import NotFound
from engine.storage.values import from_json, from_microseconds, time_of, to_json

_CREATE = """
    insert into run
    select $run_id, coalesce(max(number), 0) + 1, $status, $request, $environment_id, $created_at, null, null, 0, null
    from run
"""

_SELECT = """
    with chosen as (select * from run {which}),
    counts as (
        select
            run_id,
            count(*) filter (status = 'completed') as completed,
            count(*) filter (status = 'failed') as failed,
            count(*) filter (status = 'skipped') as skipped,
            count(*) filter (status = 'cancelled') as cancelled
        from (
            select run_id, arg_max(status, (started_at, result_id)) as status
            from result where run_id in (select run_id from chosen)
            group by run_id, case_id, repetition
        )
        group by run_id
    )
    select
        chosen.run_id, number, status, request, environment_id, epoch_us(created_at), epoch_us(started_at),
        epoch_us(finished_at), total, coalesce(completed, 0), coalesce(failed, 0), coalesce(skipped, 0),
        coalesce(cancelled, 0), error
    from chosen left join counts on counts.run_id = chosen.run_id
    order by number desc
"""

_SET_STATUS = """
    update run set
        status = $status,
        error = $error,
        started_at = case when $begins then coalesce(started_at, $at) else started_at end,
        finished_at = case when $ends then $at end
    where run_id = $run_id
    returning run_id
"""

_INTERRUPT = """
    update run set
        status = 'interrupted',
        error = $error,
        finished_at = greatest(
            coalesce(started_at, created_at),
            (
                select max(result.started_at + to_microseconds(cast(result.duration_seconds * 1e6 as bigint)))
                from result where result.run_id = run.run_id
            )
        )
    where list_contains($unfinished, status)
    returning run_id
"""

_INTERRUPTED = "The program ended while this run was under way; resume it to execute what is left."


def create(
    cursor: DuckDBPyConnection,
    request: RunRequest,
    environment_id: str,
    status: RunStatus = RunStatus.INITIALIZING,
) -> Run:
    """A new run with the next number."""
    run_id = uuid4().hex[:12]
    cursor.execute(
        _CREATE,
        {
            "run_id": run_id,
            "status": status.value,
            "request": to_json(request),
            "environment_id": environment_id,
            "created_at": datetime.now(UTC),
        },
    )
    return get(cursor, run_id)


def get(cursor: DuckDBPyConnection, run_id: str) -> Run:
    """The run of this id, or of this number when the text is one."""
    which = "where run_id = $run_id or cast(number as text) = $run_id order by run_id = $run_id desc limit 1"
    row = cursor.execute(_SELECT.format(which=which), {"run_id": run_id}).fetchone()
    if row is None:
        raise _not_found(cursor, run_id)
    return _run(row)


def recent(cursor: DuckDBPyConnection, *, limit: int = 50, statuses: Sequence[RunStatus] = ()) -> list[Run]:
    """The newest runs, newest first; of the named statuses when any is named."""
    which = "where len($statuses) = 0 or list_contains($statuses, status) order by number desc limit $limit"
    names = [status.value for status in statuses]
    rows = cursor.execute(_SELECT.format(which=which), {"statuses": names, "limit": limit}).fetchall()
    return [_run(row) for row in rows]


def save_plan(cursor: DuckDBPyConnection, run_id: str, plan: Plan) -> None:
    """Keep `plan`, replacing an earlier one; the run's total becomes its planned and skipped executions."""
    total = len(plan.planned) + len(plan.skipped)
    changed = cursor.execute(
        "update run set total = $total where run_id = $run_id returning run_id", {"total": total, "run_id": run_id}
    ).fetchall()
    if not changed:
        raise _not_found(cursor, run_id)
    cursor.execute(
        "insert into run_plan values ($run_id, $plan) on conflict (run_id) do update set plan = excluded.plan",
        {"run_id": run_id, "plan": to_json(plan)},
    )


def plan(cursor: DuckDBPyConnection, run_id: str) -> Plan:
    """The plan as saved; an unplanned run raises NotFound."""
    row = cursor.execute("select plan from run_plan where run_id = $run_id", {"run_id": run_id}).fetchone()
    if row is None:
        raise NotFound(f"Run {run_id} has no plan: it ended before planning was done. Start it again.")
    return from_json(Plan, row[0])


def set_status(
    cursor: DuckDBPyConnection, run_id: str, status: RunStatus, *, error: str | None = None, at: datetime
) -> None:
    """Record that the run entered `status` at `at`; the first `running` starts it, a final status ends it."""
    changed = cursor.execute(
        _SET_STATUS,
        {
            "run_id": run_id,
            "status": status.value,
            "error": error,
            "begins": status is RunStatus.RUNNING,
            "ends": status.is_final,
            "at": at,
        },
    ).fetchall()
    if not changed:
        raise _not_found(cursor, run_id)


def interrupt_unfinished(cursor: DuckDBPyConnection) -> list[str]:
    """Mark runs that a dead process left under way, as ended with their last result; returns their ids."""
    unfinished = [status.value for status in RunStatus if not status.is_final]
    rows = cursor.execute(_INTERRUPT, {"unfinished": unfinished, "error": _INTERRUPTED}).fetchall()
    return [run_id for (run_id,) in rows]


def _not_found(cursor: DuckDBPyConnection, run_id: str) -> NotFound:
    row = cursor.execute("select max(number) from run").fetchone()
    known = f"Runs are numbered 1 to {row[0]}" if row and row[0] else "This database holds no runs yet"
    return NotFound(f"No run {run_id!r}. {known}; `modeldyno results` lists what was measured.", field="run_id")


def _run(row: tuple[Any, ...]) -> Run:
    return Run(
        run_id=row[0],
        number=row[1],
        status=RunStatus(row[2]),
        request=from_json(RunRequest, row[3]),
        environment_id=row[4],
        created_at=time_of(row[5]),
        started_at=from_microseconds(row[6]),
        finished_at=from_microseconds(row[7]),
        total=row[8],
        completed=row[9],
        failed=row[10],
        skipped=row[11],
        cancelled=row[12],
        error=row[13],
    )
