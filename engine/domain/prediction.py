"""A figure nobody measured, with the grounds it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary


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
    coverage: float | None
    """Share of held-out model types that the interval covered; None when too few types to tell."""
    error: float | None
    """Median absolute relative error on held-out model types, leave one type out."""
    trained_at: datetime
