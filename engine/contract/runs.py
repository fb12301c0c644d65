"""Answers about runs. Times are seconds, moments ISO 8601."""

from __future__ import annotations

from typing import Any

from engine.contract.answer import Moment, Range, Seconds, Share, TypedDict, answer
from engine.contract.results import PairRow, ResultRow
from engine.domain.case import Precision, Workload
from engine.domain.run import RunStatus, SizeChoice

__all__ = ["CaseCounts", "RunResults", "RunRow", "RunStanding", "Runs", "StartedRun", "StoppingRun"]


@answer
class CaseCounts(TypedDict):
    """Executions of a run by how they ended; what is not among them has yet to be executed."""

    total: int
    """0 until the run is planned."""
    completed: int
    failed: int
    skipped: int
    cancelled: int


@answer
class StartedRun(TypedDict):
    """A run that was accepted."""

    run_id: str
    number: int
    status: RunStatus
    message: str
    started_at: Moment


@answer
class StoppingRun(TypedDict):
    """A run that was told to stop, or to go on."""

    run_id: str
    status: RunStatus
    message: str


@answer
class RunStanding(TypedDict):
    """Where a run stands: the answer of `status` and every message of its WebSocket."""

    run_id: str
    number: int
    status: RunStatus
    progress: Share
    current_step: str
    start_time: Moment
    elapsed_time: Seconds
    estimated_remaining_time: Seconds | None
    """The middle (geometric) of the range; null while nothing like the remaining cases was ever measured."""
    estimated_remaining_range: Range | None
    """The 10 to 90 % range."""
    completed_models: int
    total_models: int
    cases: CaseCounts
    error: str | None
    sequence: int
    """Grows with each change."""
    changed_at: Moment | None
    """When it changed last; null of one that ended before the server started."""


@answer
class RunRow(TypedDict):
    """One line of the list of runs: what was asked for by the names of the request, and what became of it."""

    run_id: str
    number: int
    title: str | None
    status: RunStatus
    models: list[str]
    priority: str | None
    hardware: list[str]
    precision: list[Precision]
    batch_sizes: list[int]
    workloads: list[Workload]
    size: SizeChoice
    checkpoint: str | None
    sequence_length: int | None
    new_tokens: int | None
    workers: int | None
    threads: int | None
    compile: bool
    attention: str | None
    cold: bool
    runs: int
    warmup: int
    pin: bool
    side_by_side: bool
    progressive_mode: bool
    incremental: bool
    budget_seconds: float | None
    against: dict[str, Any] | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    cases: CaseCounts
    error: str | None


@answer
class Runs(TypedDict):
    """Newest first."""

    runs: list[RunRow]


@answer
class RunResults(TypedDict):
    """Everything a run that has ended came to."""

    run_id: str
    number: int
    status: RunStatus
    cases: CaseCounts
    error: str | None
    results: list[ResultRow]
    against: dict[str, Any] | None
    """What the second configuration has instead; null for a run that is not in pairs."""
    pairs: list[PairRow]
