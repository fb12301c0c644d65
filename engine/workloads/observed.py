"""What a workload reports of one process."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.measurement import Measurement
from engine.domain.model import ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    device: str
    """Where the model really ran."""
    fallback_reason: str | None
    """Why that is not the device asked for; None when it is."""
    measurements: tuple[Measurement, ...]
    checksum: str
    """Of the generated module."""
    facts: ModelFacts | None = None
    notes: tuple[str, ...] = ()
