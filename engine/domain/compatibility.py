"""Whether a model type runs on a backend at a precision, as far as results can tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.case import Precision


class CompatibilityOutcome(StrEnum):
    WORKS = "works"
    """At least one case completed in the newest run that tried."""
    FAILS = "fails"
    UNAVAILABLE = "unavailable"
    """The backend or the precision is not on that machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatibility:
    model_type: str
    backend: str
    precision: Precision
    environment_id: str
    outcome: CompatibilityOutcome
    reason: str | None
    """Of the newest failure; None when it works."""
    run_id: str
    """The run that says so."""
    observed_at: datetime
