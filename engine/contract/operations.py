"""Answers about operations in the background other than runs. Times are seconds, moments ISO 8601."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from engine.contract.answer import Moment, Range, Seconds, Share, TypedDict, answer
from engine.contract.queries import MAX_RUNS, MAX_VALUES, WHOLE, Query
from engine.domain.operation import OperationKind
from engine.domain.run import RunStatus

__all__ = [
    "OperationRow",
    "OperationStanding",
    "Operations",
    "OperationsQuery",
    "OutcomeCounts",
    "StartedOperation",
    "StoppingOperation",
]


class OperationsQuery(Query):
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_RUNS), WHOLE] = 50
    status: Annotated[list[RunStatus], Field(default_factory=list, max_length=MAX_VALUES)]
    """Only those in one of these."""


@answer
class OutcomeCounts(TypedDict):
    total: int
    """0 while it is unknown."""
    done: int
    failed: int
    """Of those done."""


@answer
class StartedOperation(TypedDict):
    """An operation that was accepted."""

    operation_id: str
    kind: OperationKind
    status: RunStatus
    message: str
    started_at: Moment


@answer
class StoppingOperation(TypedDict):
    """An operation that was told to stop."""

    operation_id: str
    status: RunStatus
    message: str


@answer
class OperationStanding(TypedDict):
    """Where an operation stands: the answer of `status` and every message of its WebSocket."""

    operation_id: str
    kind: OperationKind
    status: RunStatus
    progress: Share
    current_step: str
    start_time: Moment
    elapsed_time: Seconds
    estimated_remaining_time: Seconds | None
    """The middle of the range; null while too little is done to tell."""
    estimated_remaining_range: Range | None
    """The 10 to 90 % range."""
    outcomes: OutcomeCounts
    error: str | None
    sequence: int
    """Grows with each change."""
    changed_at: Moment | None
    """When it changed last; null of one that ended before the server started."""


@answer
class OperationRow(TypedDict):
    """One line of the list: what was asked for, and what became of it."""

    operation_id: str
    kind: OperationKind
    status: RunStatus
    request: dict[str, Any]
    outcomes: OutcomeCounts
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    error: str | None


@answer
class Operations(TypedDict):
    """Newest first."""

    operations: list[OperationRow]
