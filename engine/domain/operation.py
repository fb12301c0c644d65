"""What a server does in the background for whoever asked: generating skillsets, testing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.domain.run import RunStatus


class OperationKind(StrEnum):
    GENERATION = "generation"
    SKILLSET_TEST = "skillset_test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request that takes long, and how far it has come. Its statuses are those of runs."""

    operation_id: str
    kind: OperationKind
    request: Mapping[str, Any]
    """As JSON: what it was asked for, by the names of the endpoint."""
    status: RunStatus
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    total: int = 0
    """How many outcomes there will be; 0 while that is unknown."""
    done: int = 0
    failed: int = 0
    """Of those done: the ones that are not good."""
    error: str | None = None
    """Why the operation itself could not go on."""

    @property
    def seconds_taken(self) -> float:
        """From its start to its end; 0 where one of them is not there."""
        if self.started_at is None or self.finished_at is None:
            return 0.0
        return max(0.0, (self.finished_at - self.started_at).total_seconds())  # a clock may have been set back


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One of the things that an operation was asked for, as it ended."""

    value: Mapping[str, Any]
    """As JSON."""
    is_good: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationProgress:
    """A snapshot of an operation at one moment."""

    operation: Operation
    current_step: str
    elapsed_seconds: float
    remaining_seconds: tuple[float, float] | None
    """10 to 90 % range of what is left; None while nothing is known."""
    log: tuple[str, ...] = ()
    """Newest lines last."""
    sequence: int = 0
    """Grows by one at each change."""
    changed_at: datetime | None = None
    """When that was; None of one that nobody carries any longer."""

    @property
    def fraction(self) -> float:
        """0..1 of the outcomes that are there."""
        operation = self.operation
        if operation.status is RunStatus.COMPLETED:
            return 1.0
        return operation.done / operation.total if operation.total else 0.0
