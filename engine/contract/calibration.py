"""Answers about what the meters of the server's machine are worth. SI units, shares as 0..1."""

from __future__ import annotations

from typing import Literal

from engine.contract.answer import Moment, Range, Seconds, Share, TypedDict, answer
from engine.domain.calibration import FindingState

__all__ = ["CalibrationMessage", "CalibrationRow", "CalibrationStanding", "Calibrations"]


@answer
class FindingRow(TypedDict):
    """What one check found."""

    check: str
    state: FindingState
    value: float | None
    unit: str
    goal: float | None
    low: float | None
    high: float | None
    detail: str
    problem: str | None


@answer
class NoiseRow(TypedDict):
    """How processes that measure the same differ on this machine, as relative spreads."""

    process_spread: float
    pair_spread: float
    processes: int
    pairs: int


@answer
class ResolutionRow(TypedDict):
    """The change that so many processes a side, or pairs, can show; null where none is."""

    processes: int
    change: float | None
    change_in_pairs: float | None


@answer
class CalibrationRow(TypedDict):
    calibration_id: str
    environment: str
    calibrated_at: Moment
    seconds: Seconds
    is_quick: bool
    trials: int | None
    holds: bool
    not_shown: list[str]
    findings: list[FindingRow]
    noise: NoiseRow | None
    resolution: list[ResolutionRow]
    cpu_busy_others: float | None
    cpu_steal: float | None
    next_steps: list[str]


@answer
class ProcessCounts(TypedDict):
    done: int
    total: int


@answer
class CalibrationStanding(TypedDict):
    """How far a calibration has come."""

    status: Literal["running", "cancelling"]
    current_step: str
    progress: Share
    processes: ProcessCounts
    estimated_remaining_range: Range | None


@answer
class Calibrations(TypedDict):
    """The calibration that counts and the newest, null before the first, and how far one under way has come."""

    calibration: CalibrationRow | None
    newest: CalibrationRow | None
    under_way: CalibrationStanding | None
    error: str | None
    """Why the last one came to nothing; null when it did not."""


@answer
class CalibrationMessage(TypedDict):
    status: Literal["running", "cancelling"]
    message: str
