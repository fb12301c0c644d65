"""An operation that this process carries out: its state, and those who watch it."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import replace
from datetime import datetime
from math import sqrt
from statistics import fmean, stdev

from engine.domain.operation import Operation, OperationProgress, Outcome
from engine.domain.run import RunStatus
from engine.workflows.watching import Watched

LOG_LINES = 100
_TO_ESTIMATE = 3
"""Outcomes that have to be there before anything is said of the rest."""
_LEAST_SECONDS = 0.01
"""What took less was there already: what is left will not all be."""
_TENTH = 1.2816
"""Standard normal quantile of 90 %."""


class LiveOperation(Watched[OperationProgress]):
    """Every method may be called from any thread."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.cancel = threading.Event()
        """Set to stop whatever the operation is doing."""
        self.finished = threading.Event()
        """Set once the final status is stored (or could not be)."""
        self.is_closing = False
        """The program ends: stopping means interrupted, not cancelled."""
        self._operation = operation
        self._step = "Waiting for its turn"
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._seconds: list[float] = []
        """Of each outcome so far."""
        self._begun: float | None = None

    @property
    def operation(self) -> Operation:
        with self._changed:
            return self._operation

    def set_step(self, step: str) -> None:
        with self._changed:
            self._step = step
            self._touch()

    def add_log(self, line: str) -> None:
        with self._changed:
            self._log.append(line)
            self._touch()

    def set_total(self, total: int) -> None:
        with self._changed:
            self._operation = replace(self._operation, total=total)
            self._touch()

    def add_outcome(self, outcome: Outcome) -> None:
        """Count one that is stored."""
        with self._changed:
            before = self._operation
            self._operation = replace(before, done=before.done + 1, failed=before.failed + (not outcome.is_good))
            self._seconds.append(outcome.seconds)
            self._touch()

    def set_status(self, status: RunStatus, *, at: datetime | None = None, error: str | None = None) -> bool:
        """Enter `status`, if the present one allows it; whether the operation is in it now."""
        with self._changed:
            before = self._operation.status
            if before.is_final or (before is RunStatus.CANCELLING and not status.is_final):
                return status is before
            self._operation = replace(self._operation, status=status, error=error)
            if status is RunStatus.RUNNING:
                self._operation = replace(self._operation, started_at=at)
                self._begun = time.monotonic()
            if status.is_final:
                self._operation = replace(self._operation, finished_at=at)
            self._touch()
            return True

    def _is_over(self) -> bool:
        return self._operation.status.is_final

    def _snapshot(self) -> OperationProgress:
        if self._is_over():
            elapsed = self._operation.seconds_taken
        else:
            elapsed = 0.0 if self._begun is None else time.monotonic() - self._begun
        return OperationProgress(
            operation=self._operation,
            current_step=self._step,
            elapsed_seconds=elapsed,
            remaining_seconds=None if self._is_over() else remaining_seconds(self._seconds, self._operation.total),
            log=tuple(self._log),
            sequence=self._sequence,
            changed_at=self._changed_at,
        )


def remaining_seconds(so_far: list[float], total: int) -> tuple[float, float] | None:
    """The 10 to 90 % range of what is left of `total`, were it like what took any time so far; None with too little.

    A sum of so many draws whose mean is itself estimated: its variance is s^2 (left + left^2 / n).
    """
    drawn = [seconds for seconds in so_far if seconds >= _LEAST_SECONDS]
    left, count = total - len(so_far), len(drawn)
    if left <= 0 or count < _TO_ESTIMATE:
        return None
    middle, spread = left * fmean(drawn), stdev(drawn) * sqrt(left + left**2 / count)
    return max(0.0, middle - _TENTH * spread), middle + _TENTH * spread
