"""What all results of one case in one environment say together: the row behind every chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.case import Case
from engine.domain.hardware import MachineState
from engine.domain.measurement import Estimate, Metric
from engine.domain.model import ModelFacts
from engine.domain.result import Failure, Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    case: Case
    environment_id: str
    provenance: Provenance
    estimates: Mapping[Metric, Estimate]
    """Empty when no process completed."""
    process_values: Mapping[Metric, tuple[float, ...]]
    """Per-process medians, oldest first: what tests and strips of raw points use."""
    completed: int
    failed: int
    last_failure: Failure | None
    measured_at: datetime
    last_run_id: str
    facts: ModelFacts | None = None
    is_noisy: bool | None = None
    """Whether other work disturbed any of its processes; None where that is known of none."""
    machines: tuple[MachineState, ...] = ()
    """The machine's state during each completed process, of those that told."""
    actual_device: str | None = None
    machine_label: str = ""


class Verdict(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One case against another, for one metric."""

    metric: Metric
    ratio: float
    """New over base of the metric itself, so 0.8 of latency is faster."""
    low: float | None
    high: float | None
    p_value: float | None
    q_value: float | None
    """After correction for the number of cases compared; None when tested alone."""
    verdict: Verdict
    processes: tuple[int, int]
    reason: str
    """One clause: why undecided, or which rule decided."""
