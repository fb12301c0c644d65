"""Operations: what was asked for, how it went, and every outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from engine.domain.operation import Operation, OperationKind, Outcome
from engine.domain.run import RunStatus
from engine.errors import NotFound
from engine.storage.values import from_microseconds, time_of

_SELECT = """
    with chosen as (select * from operation {which}),
    counts as (
        select operation_id, count(*) as done, count(*) filter (not is_good) as failed
        from operation_outcome where operation_id in (select operation_id from chosen)
        group by operation_id
    )
    select
        operation_id, kind, request, status, epoch_us(created_at), epoch_us(started_at), epoch_us(finished_at), total,
        coalesce(done, 0), coalesce(failed, 0), error
    from chosen left join counts using (operation_id)
    order by created_at desc, operation_id
"""

_SET_STATUS = """
    update operation set
        status = $status,
        error = $error,
        started_at = case when $begins then coalesce(started_at, $at) else started_at end,
        finished_at = case when $ends then $at end
    where operation_id = $operation_id
"""

_INTERRUPT = """
    with carried_out as (
        select operation_id, sum(seconds) as seconds from operation_outcome group by operation_id
    ),
    ending as (
        select
            operation_id,
            coalesce(started_at, created_at) + to_microseconds(cast(coalesce(seconds, 0) * 1e6 as bigint)) as ended_at
        from operation left join carried_out using (operation_id)
        where list_contains($unfinished, status)
    )
    update operation set status = $interrupted, finished_at = ended_at, error = $error
    from ending where ending.operation_id = operation.operation_id
    returning operation.operation_id
"""

INTERRUPTED = "The program ended while this was under way; ask for it again (under a new Idempotency-Key)."


def create(cursor: DuckDBPyConnection, kind: OperationKind, request: Mapping[str, Any]) -> Operation:
    operation = Operation(
        operation_id=uuid4().hex[:12],
        kind=kind,
        request=dict(request),
        status=RunStatus.INITIALIZING,
        created_at=datetime.now(UTC),
    )
    cursor.execute(
        "insert into operation values ($operation_id, $kind, $request, $status, $created_at, null, null, 0, null)",
        {
            "operation_id": operation.operation_id,
            "kind": kind.value,
            "request": json.dumps(operation.request),
            "status": operation.status.value,
            "created_at": operation.created_at,
        },
    )
    return operation


def get(cursor: DuckDBPyConnection, kind: OperationKind, operation_id: str) -> Operation:
    """Raises NotFound, also for an operation of another kind."""
    which = "where operation_id = $operation_id and kind = $kind"
    asked = {"operation_id": operation_id, "kind": kind.value}
    row = cursor.execute(_SELECT.format(which=which), asked).fetchone()
    if row is None:
        words = kind.value.replace("_", " ")
        raise NotFound(f"No {words} {operation_id!r}; the list of them has every id.", field="operation_id")
    return _operation(row)


def recent(
    cursor: DuckDBPyConnection, kind: OperationKind, *, limit: int = 50, statuses: Sequence[RunStatus] = ()
) -> list[Operation]:
    """The newest operations of one kind, newest first; of the named statuses when any is named."""
    which = (
        "where kind = $kind and (len($statuses) = 0 or list_contains($statuses, status)) "
        "order by created_at desc, operation_id limit $limit"
    )
    asked = {"kind": kind.value, "statuses": [status.value for status in statuses], "limit": limit}
    return [_operation(row) for row in cursor.execute(_SELECT.format(which=which), asked).fetchall()]


def set_total(cursor: DuckDBPyConnection, operation_id: str, total: int) -> None:
    cursor.execute(
        "update operation set total = $total where operation_id = $operation_id",
        {"total": total, "operation_id": operation_id},
    )


def set_status(
    cursor: DuckDBPyConnection, operation_id: str, status: RunStatus, *, error: str | None = None, at: datetime
) -> None:
    """Record that the operation entered `status` at `at`; the first `running` starts it, a final status ends it."""
    cursor.execute(
        _SET_STATUS,
        {
            "operation_id": operation_id,
            "status": status.value,
            "error": error,
            "begins": status is RunStatus.RUNNING,
            "ends": status.is_final,
            "at": at,
        },
    )


def add_outcome(cursor: DuckDBPyConnection, operation_id: str, position: int, outcome: Outcome) -> None:
    cursor.execute(
        "insert into operation_outcome values ($operation_id, $position, $outcome, $is_good, $seconds)",
        {
            "operation_id": operation_id,
            "position": position,
            "outcome": json.dumps(outcome.value),
            "is_good": outcome.is_good,
            "seconds": outcome.seconds,
        },
    )


def outcomes(cursor: DuckDBPyConnection, operation_id: str) -> list[dict[str, Any]]:
    """In the order in which they came."""
    rows = cursor.execute(
        "select outcome from operation_outcome where operation_id = $operation_id order by position",
        {"operation_id": operation_id},
    ).fetchall()
    return [json.loads(outcome) for (outcome,) in rows]


def interrupt_unfinished(cursor: DuckDBPyConnection) -> list[str]:
    """End, with its last outcome, what a dead process left under way; the ids."""
    unfinished = [status.value for status in RunStatus if not status.is_final]
    asked = {"unfinished": unfinished, "interrupted": RunStatus.INTERRUPTED.value, "error": INTERRUPTED}
    return [operation_id for (operation_id,) in cursor.execute(_INTERRUPT, asked).fetchall()]


def _operation(row: tuple[Any, ...]) -> Operation:
    return Operation(
        operation_id=row[0],
        kind=OperationKind(row[1]),
        request=json.loads(row[2]),
        status=RunStatus(row[3]),
        created_at=time_of(row[4]),
        started_at=from_microseconds(row[5]),
        finished_at=from_microseconds(row[6]),
        total=row[7],
        done=row[8],
        failed=row[9],
        error=row[10],
    )
