"""Runs: what was asked for, how far it has come, and the plan that says what is left to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from engine.domain.result import ResultStatus
from engine.domain.run import Plan, Run, RunRequest, RunStatus
from engine.errors import NotFound
from engine.storage.values import from_json, from_microseconds, time_of, to_json

_CREATE = """
    insert into run (run_id, number, status, request, environment_id, created_at, total)
    select $run_id, coalesce(max(number), 0) + 1, $status, $request, $environment_id, $created_at, 0
    from run
"""

_SELECT = """
    select
        run_id, number, status, request, environment_id, epoch_us(created_at), epoch_us(started_at),
        epoch_us(finished_at), active_seconds, total, error, import_id
    from run {which}
"""

_COUNTS = """
    select run_id, status, count(*) from (
        select run_id, arg_max(status, (started_at, result_id)) as status
        from result where list_contains($run_ids, run_id)
        group by run_id, case_id, repetition
    )
    group by run_id, status
"""
"""A statement of its own: a hash join costs DuckDB more than this does, and it keeps memory of each."""

_ACTIVE = """
    case when attempt_started_at is null then active_seconds
    else coalesce(active_seconds, 0) + greatest(0, epoch_us({end}) - epoch_us(attempt_started_at)) / 1e6
    end
"""
"""Seconds of all attempts, the one under way included, when that ends at `end`."""

_SET_STATUS = f"""
    update run set
        status = $status,
        error = $error,
        started_at = case when $begins then coalesce(started_at, $at) else started_at end,
        finished_at = case when $ends then $at end,
        active_seconds = case when $ends then {_ACTIVE.format(end="$at")} else active_seconds end,
        attempt_started_at = case when $begins then $at when not $ends then attempt_started_at end
    where run_id = $run_id
    returning run_id
"""

_END_UNFINISHED = f"""
    with unfinished as (select * from run where list_contains($unfinished, status)),
    carried_out as (
        select
            run_id,
            max(started_at + to_microseconds(cast(duration_seconds * 1e6 as bigint))) as last_at,
            count(distinct (case_id, repetition)) filter (status <> 'cancelled') as executions
        from result where run_id in (select run_id from unfinished)
        group by run_id
    ),
    ending as (
        select
            run_id, total > 0 and coalesce(executions, 0) = total as is_complete,
            greatest(coalesce(started_at, created_at), last_at) as ended_at
        from unfinished left join carried_out using (run_id)
    )
    update run set
        status = case when is_complete then 'completed' else 'interrupted' end,
        error = case when not is_complete then $error end,
        finished_at = ended_at,
        active_seconds = {_ACTIVE.format(end="ended_at")},
        attempt_started_at = null
    from ending where ending.run_id = run.run_id
    returning run.run_id, status
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
    found = _select(cursor, which, {"run_id": run_id})
    if not found:
        raise _not_found(cursor, run_id)
    return found[0]


def recent(cursor: DuckDBPyConnection, *, limit: int = 50, statuses: Sequence[RunStatus] = ()) -> list[Run]:
    """The newest runs, newest first; of the named statuses when any is named."""
    which = "where len($statuses) = 0 or list_contains($statuses, status) order by number desc limit $limit"
    names = [status.value for status in statuses]
    return _select(cursor, which, {"statuses": names, "limit": limit})


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
    """End, with their last result, the runs that a dead process left under way; returns ids of those interrupted.

    A run of which every execution has ended is completed: nothing is left to resume.
    """
    unfinished = [status.value for status in RunStatus if not status.is_final]
    rows = cursor.execute(_END_UNFINISHED, {"unfinished": unfinished, "error": _INTERRUPTED}).fetchall()
    return [run_id for run_id, status in rows if status == RunStatus.INTERRUPTED]


def _not_found(cursor: DuckDBPyConnection, run_id: str) -> NotFound:
    row = cursor.execute("select max(number) from run").fetchone()
    known = f"Runs are numbered 1 to {row[0]}" if row and row[0] else "This database holds no runs yet"
    return NotFound(f"No run {run_id!r}. {known}; `modeldyno results` lists what was measured.", field="run_id")


def _select(cursor: DuckDBPyConnection, which: str, values: Mapping[str, object]) -> list[Run]:
    rows = cursor.execute(_SELECT.format(which=which), dict(values)).fetchall()
    run_ids = [row[0] for row in rows]
    counts: dict[str, dict[str, int]] = {run_id: {} for run_id in run_ids}
    for run_id, status, count in cursor.execute(_COUNTS, {"run_ids": run_ids}).fetchall() if run_ids else ():
        counts[run_id][status] = count
    sources = _sources(cursor, [row[-1] for row in rows if row[-1] is not None])
    return [_run(row, counts[row[0]], sources.get(row[-1])) for row in rows]


def _sources(cursor: DuckDBPyConnection, import_ids: list[str]) -> dict[str, str]:
    """Where imported runs are from, by import id."""
    if not import_ids:
        return {}
    statement = "select import_id, source from imported_file where list_contains($import_ids, import_id)"
    return dict(cursor.execute(statement, {"import_ids": import_ids}).fetchall())


def _run(row: tuple[Any, ...], counts: Mapping[str, int], source: str | None) -> Run:
    return Run(
        run_id=row[0],
        number=row[1],
        status=RunStatus(row[2]),
        request=from_json(RunRequest, row[3]),
        environment_id=row[4],
        created_at=time_of(row[5]),
        started_at=from_microseconds(row[6]),
        finished_at=from_microseconds(row[7]),
        active_seconds=row[8],
        total=row[9],
        completed=counts.get(ResultStatus.COMPLETED, 0),
        failed=counts.get(ResultStatus.FAILED, 0),
        skipped=counts.get(ResultStatus.SKIPPED, 0),
        cancelled=counts.get(ResultStatus.CANCELLED, 0),
        error=row[10],
        imported_from=source,
    )


def uncompleted(cursor: DuckDBPyConnection) -> set[str]:
    """Ids of runs that are under way or ended early."""
    rows = cursor.execute("select run_id from run where status <> $status", {"status": RunStatus.COMPLETED}).fetchall()
    return {run_id for (run_id,) in rows}


def count(cursor: DuckDBPyConnection, *, statuses: Sequence[RunStatus]) -> int:
    """How many runs are of the named statuses."""
    names = [status.value for status in statuses]
    row = cursor.execute(
        "select count(*) from run where list_contains($statuses, status)", {"statuses": names}
    ).fetchone()
    return int(row[0]) if row else 0
