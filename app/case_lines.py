"""The executions of a run gathered into one line per case, as a run card shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.case import Case
from engine.domain.measurement import Estimate
from engine.domain.result import ResultStatus
from engine.domain.run import CaseProgress, RunProgress
from engine.domain.workload_metrics import RATES
from engine.stats.summary import estimate_over_processes

QUEUED = "queued"
RUNNING = "running"
NOT_RUN = "not run"
"""Of a case that a run which has ended never came to."""
STATES = (
    ResultStatus.COMPLETED.value,
    ResultStatus.FAILED.value,
    ResultStatus.SKIPPED.value,
    ResultStatus.CANCELLED.value,
    RUNNING,
    QUEUED,
    NOT_RUN,
)
"""In the order of the segmented bar and of the counts below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case of a run: all its processes."""

    case: Case
    state: str
    """failed once any process failed, else running while one is under way, else queued while one is missing.

    Once the run has ended nothing is running or queued: completed where any process was measured, else not run.
    """
    executions: int
    done: int
    measured: int
    """Processes that completed: fewer than `executions` where a run ended early."""
    elapsed_seconds: float | None
    """Sum over its processes so far; None before the first."""
    throughput: Estimate | None
    """Of the workload's rate, over the processes that completed; None for startup and before the first."""
    reason: str | None
    """Of its first process that was not completed."""

    @property
    def is_cut_short(self) -> bool:
        """Whether it was measured, by fewer processes than planned, though none failed."""
        return self.state == ResultStatus.COMPLETED and self.measured < self.executions


def case_lines(cases: Sequence[CaseProgress], *, ended: bool = False) -> list[CaseLine]:
    """One line per case in the order in which the first process of each was planned; `ended` is said of the run."""
    grouped: dict[str, list[CaseProgress]] = {}
    for progress in cases:
        grouped.setdefault(progress.case.case_id, []).append(progress)
    return [_line(executions, ended) for executions in grouped.values()]


def lines_of(progress: RunProgress) -> list[CaseLine]:
    return case_lines(progress.cases, ended=progress.run.status.is_final)


def failed_lines(lines: Sequence[CaseLine]) -> list[CaseLine]:
    return [line for line in lines if line.state == ResultStatus.FAILED]


def count_states(lines: Sequence[CaseLine]) -> Counter[str]:
    return Counter(line.state for line in lines)


def shares(lines: Sequence[CaseLine]) -> list[tuple[str, float]]:
    """State -> share of the bar, in the order of STATES; a case that has some of its processes has as much of it."""
    weights: Counter[str] = Counter()
    for line in lines:
        if line.state in (RUNNING, QUEUED) and line.done:
            weights[ResultStatus.COMPLETED.value] += line.done / line.executions
            weights[line.state] += min(1, line.executions - line.done) / line.executions
            weights[QUEUED] += max(0, line.executions - line.done - 1) / line.executions
        elif line.state == RUNNING:
            weights[RUNNING] += 1 / line.executions
            weights[QUEUED] += 1 - 1 / line.executions
        elif line.is_cut_short:
            weights[line.state] += line.measured / line.executions
            weights[NOT_RUN] += 1 - line.measured / line.executions
        else:
            weights[line.state] += 1
    total = sum(weights.values())
    return [(state, weights[state] / total) for state in STATES if weights[state] > 0]


def around_running(lines: Sequence[CaseLine], size: int) -> Sequence[CaseLine]:
    """`size` neighbouring lines with the running one about in the middle; the last ones when nothing runs."""
    at = next((index for index, line in enumerate(lines) if line.state == RUNNING), None)
    if at is None:
        at = next((index for index, line in enumerate(lines) if line.state == QUEUED), len(lines))
    start = max(0, min(at - size // 2, len(lines) - size))
    return lines[start : start + size]


def _line(executions: Sequence[CaseProgress], ended: bool) -> CaseLine:
    states = [execution.state for execution in executions]
    times = [execution.elapsed_seconds for execution in executions if execution.elapsed_seconds is not None]
    case = executions[0].case
    rates = [
        execution.throughput
        for execution in executions
        if execution.state == ResultStatus.COMPLETED and execution.throughput is not None
    ]
    return CaseLine(
        case=case,
        state=_state_at_end(states) if ended else _state(states),
        executions=len(executions),
        done=sum(state not in (QUEUED, RUNNING) for state in states),
        measured=states.count(ResultStatus.COMPLETED),
        elapsed_seconds=sum(times) if times else None,
        throughput=estimate_over_processes(rates, samples=len(rates)) if rates and case.workload in RATES else None,
        reason=next((execution.reason for execution in executions if execution.reason), None),
    )


def _state(states: Sequence[str]) -> str:
    if ResultStatus.FAILED in states:
        return ResultStatus.FAILED.value
    if RUNNING in states:
        return RUNNING
    if QUEUED in states:
        return QUEUED
    if ResultStatus.CANCELLED in states:
        return ResultStatus.CANCELLED.value
    if ResultStatus.COMPLETED in states:
        return ResultStatus.COMPLETED.value
    return ResultStatus.SKIPPED.value


def _state_at_end(states: Sequence[str]) -> str:
    if ResultStatus.FAILED in states:
        return ResultStatus.FAILED.value
    if ResultStatus.COMPLETED in states:
        return ResultStatus.COMPLETED.value
    if ResultStatus.CANCELLED in states:
        return ResultStatus.CANCELLED.value
    return ResultStatus.SKIPPED.value if ResultStatus.SKIPPED in states else NOT_RUN
