"""A figure nobody measured, with the grounds it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.case import Case
from engine.domain.measurement import Estimate, IntervalMethod, Metric
from engine.domain.summary import CaseSummary


class HeldOut(StrEnum):
    """What was left out to test a predictor, so that its error speaks of the question asked."""

    CASES = "single cases of known model types"
    TYPES = "whole model types"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    case: Case
    metric: Metric
    value: float
    low: float
    high: float
    confidence: float
    """Nominal coverage of the interval, such as 0.9."""
    nearest: tuple[tuple[CaseSummary, float], ...]
    """The measured cases closest in feature space with their distance, nearest first."""
    training_cases: int
    is_extrapolation: bool
    """The case lies outside what was measured."""
    explanation: str
    """One sentence: what the prediction stands on and what it was tested against."""
    held_out: HeldOut
    coverage: float | None
    """Share of held-out cases that an interval made without them covered; None when too few to tell."""
    error: float | None
    """Median absolute relative error on the held-out cases."""
    baseline_error: float | None
    """The same error of the simplest rival: the nearest measured case, scaled by floating-point operations."""
    trained_at: datetime

    @property
    def estimate(self) -> Estimate:
        """The figure in the form that measured ones have; `processes` counts the cases it was trained on."""
        return Estimate(
            value=self.value,
            low=self.low,
            high=self.high,
            confidence=self.confidence,
            method=IntervalMethod.CONFORMAL,
            processes=self.training_cases,
            samples=self.training_cases,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedCase:
    """All that can be said of one case before it runs, and how it stands among its neighbours."""

    case: Case
    predictions: Mapping[Metric, Prediction]
    """Latency, throughput and peak memory, as far as the measurements carry them."""
    missing: Mapping[Metric, str]
    """Why a metric cannot be predicted, and what would change that."""
    curve: Mapping[Metric, tuple[Prediction, ...]]
    """The same case over batch sizes, smallest first; empty for a metric that is missing."""
    measured: tuple[CaseSummary, ...]
    """What was measured of the same model, size, backend and precision, smallest batch first."""

    @property
    def measured_here(self) -> CaseSummary | None:
        """The very case asked for, when it was measured after all."""
        return next((found for found in self.measured if found.case.batch_size == self.case.batch_size), None)
