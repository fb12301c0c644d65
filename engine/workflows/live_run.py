"""A run that this process supervises: its state, and those who watch it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from engine.domain.measurement import Metric
from engine.domain.result import Provenance, Result, ResultStatus
from engine.domain.run import CaseProgress, Plan, Run, RunProgress, RunStatus
from engine.domain.workload_metrics import RATES
from engine.stats.quantiles import median
from engine.workflows.device_turns import Cancelled
from engine.workflows.watching import Watched

LOG_LINES = 100
QUEUED = "queued"
RUNNING = "running"


class LiveRun(Watched[RunProgress]):
    """Everything a screen may ask about a run under way. Every method may be called from any thread."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.cancel = threading.Event()
        """Set to stop whatever the run is doing."""
        self.finished = threading.Event()
        """Set once the final status is stored (or could not be)."""
        self.is_closing = False
        """The program ends: stopping means interrupted, not cancelled."""
        self._run = run
        self._step = "Waiting to be planned"
        self._cases: list[CaseProgress] = []
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._remaining: tuple[float, float] | None = None
        self._remaining_since = time.monotonic()
        self._attempt_at: datetime | None = None
        """When the run last got the device; its seconds since then are counted from `_attempt_begun`."""
        self._attempt_begun: float | None = None
        self._begun: dict[int, float] = {}
        """When each execution under way began, by its row."""
        self._is_unbroken = False
        self._is_winding_down = False

    @property
    def run(self) -> Run:
        with self._changed:
            return self._run

    def active_seconds(self) -> float:
        """How long the run has been carried out, over all attempts and the present one so far."""
        with self._changed:
            return self._elapsed(time.monotonic())

    def wind_down(self) -> None:
        """The program ends: what is executed in the present turn may do so as well, and nothing begins after it."""
        with self._changed:
            self.is_closing = True
            self._is_winding_down = True
            if not self._is_unbroken:
                self.cancel.set()

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """Whatever is executed within is not cut short by winding down. Raises Cancelled where that has begun."""
        with self._changed:
            if self._is_winding_down:
                raise Cancelled
            self._is_unbroken = True
        try:
            yield
        finally:
            with self._changed:
                self._is_unbroken = False
                if self._is_winding_down:
                    self.cancel.set()

    def set_step(self, step: str) -> None:
        with self._changed:
            self._step = step
            self._touch()

    def set_status(self, status: RunStatus, *, at: datetime | None = None, error: str | None = None) -> bool:
        """Enter `status`, if the present one allows it; whether the run is in it now.

        A run that is being cancelled stays so until it has ended, and one that has ended stays as it ended.
        """
        with self._changed:
            before = self._run.status
            if before.is_final or (before is RunStatus.CANCELLING and not status.is_final):
                return status is before
            self._run = replace(self._run, status=status, error=error)
            if status is RunStatus.RUNNING:
                self._run = replace(self._run, started_at=self._run.started_at or at)
                self._attempt_at, self._attempt_begun = at, time.monotonic()
            if status.is_final:
                self._run = replace(self._run, finished_at=at, active_seconds=self._active_seconds(at))
                self._attempt_begun = None
                self._remaining = None
            self._touch()
            return True

    def set_plan(self, plan: Plan, done: Sequence[Result]) -> None:
        """Show the plan, with what earlier attempts at this run have already stored."""
        rows = case_rows(plan, done)
        counts = count_states(rows)
        with self._changed:
            self._cases = rows
            self._run = replace(
                self._run,
                total=len(rows),
                completed=counts[ResultStatus.COMPLETED],
                failed=counts[ResultStatus.FAILED],
                skipped=counts[ResultStatus.SKIPPED],
                cancelled=counts[ResultStatus.CANCELLED],
            )
            self._touch()

    def begin_case(self, index: int, step: str) -> None:
        with self._changed:
            self._cases[index] = replace(self._cases[index], state=RUNNING, elapsed_seconds=0.0, reason=None)
            now = time.monotonic()
            self._remaining = self._remaining_now(now)
            self._begun[index] = self._remaining_since = now
            self._step = step
            self._touch()

    def leave_case(self, index: int) -> None:
        """The execution under way came to nothing; it is as if it had not begun."""
        with self._changed:
            self._cases[index] = replace(self._cases[index], state=QUEUED, elapsed_seconds=None)
            self._stop_clock(index)
            self._touch()

    def end_case(self, index: int, result: Result) -> None:
        """Show a result that is stored."""
        with self._changed:
            before = self._cases[index].state
            self._cases[index] = with_result(self._cases[index], result)
            self._stop_clock(index)
            if before not in tuple(ResultStatus):
                count = result.status.value
                self._run = replace(self._run, **{count: getattr(self._run, count) + 1})
            self._touch()

    def set_remaining(self, remaining: tuple[float, float] | None) -> None:
        """What is left from now on; it runs down while an execution is under way and stands still otherwise."""
        with self._changed:
            self._remaining = remaining
            self._remaining_since = time.monotonic()
            self._touch()

    def add_log(self, line: str) -> None:
        with self._changed:
            self._log.append(line)
            self._touch()

    def _stop_clock(self, index: int) -> None:
        """With the last execution under way what is left stops running down, until the next one."""
        now = time.monotonic()
        self._remaining = self._remaining_now(now)
        self._remaining_since = now
        self._begun.pop(index, None)

    def _active_seconds(self, at: datetime | None) -> float | None:
        """Those of every attempt, when the present one ends at `at`: as storage counts them."""
        if self._attempt_at is None or at is None:
            return self._run.active_seconds
        return (self._run.active_seconds or 0.0) + max(0.0, (at - self._attempt_at).total_seconds())

    def _elapsed(self, now: float) -> float:
        attempt = 0.0 if self._attempt_begun is None else now - self._attempt_begun
        return (self._run.active_seconds or 0.0) + attempt

    def _is_over(self) -> bool:
        return self._run.status.is_final

    def _snapshot(self) -> RunProgress:
        now = time.monotonic()
        cases = tuple(
            replace(row, elapsed_seconds=now - self._begun[index]) if index in self._begun else row
            for index, row in enumerate(self._cases)
        )
        return RunProgress(
            run=self._run,
            current_step=self._step,
            elapsed_seconds=self._elapsed(now),
            remaining_seconds=self._remaining_now(now),
            cases=cases,
            log=tuple(self._log),
            sequence=self._sequence,
            changed_at=self._changed_at,
        )

    def _remaining_now(self, now: float) -> tuple[float, float] | None:
        """The last estimate less the time executed since; None once even its upper end has passed."""
        if self._remaining is None or not self._begun:
            return self._remaining
        passed = now - self._remaining_since
        low, high = self._remaining
        return (max(0.0, low - passed), high - passed) if high > passed else None


def case_rows(plan: Plan, done: Sequence[Result]) -> list[CaseProgress]:
    """One row for each planned execution, in order, then the cases the plan left out; with what is stored of them."""
    stored = {(result.case.case_id, result.repetition): result for result in done}
    rows = [
        CaseProgress(index=index, label=item.case.label, case=item.case, repetition=item.repetition, state=QUEUED)
        for index, item in enumerate(plan.planned)
    ]
    rows += [
        CaseProgress(
            index=len(plan.planned) + index,
            label=left_out.case.label,
            case=left_out.case,
            repetition=0,
            state=ResultStatus.SKIPPED.value,
            reason=left_out.failure.reason,
        )
        for index, left_out in enumerate(plan.skipped)
    ]
    for index, row in enumerate(rows):
        result = stored.get((row.case.case_id, row.repetition))
        if result is not None:
            rows[index] = with_result(row, result)
    return rows


def with_result(row: CaseProgress, result: Result) -> CaseProgress:
    latency = result.measurement(Metric.LATENCY)
    rate = RATES.get(result.case.workload)
    throughput = result.measurement(rate) if rate is not None else None
    return replace(
        row,
        state=result.status.value,
        elapsed_seconds=None if result.provenance is Provenance.IMPORTED else result.duration_seconds,
        latency_seconds=median(latency.samples) if latency else None,
        throughput=median(throughput.samples) if throughput else None,
        reason=result.failure.reason if result.failure else None,
    )


def count_states(rows: Sequence[CaseProgress]) -> dict[ResultStatus, int]:
    return {status: sum(row.state == status.value for row in rows) for status in ResultStatus}
