"""What all results of one case in one environment say together: the row behind every chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.against import Against
from engine.domain.case import Case
from engine.domain.hardware import MachineState
from engine.domain.measurement import Estimate, Metric
from engine.domain.model import ModelFacts
from engine.domain.result import Failure, Provenance
from engine.domain.workload_metrics import METRICS


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
    estimated_bytes: int | None = None
    """Peak memory expected before the launch; None where nobody could."""


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
    comparisons: int = 1
    """How many it is corrected for, this one among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRatio:
    """What pairs say of one configuration against another, for one metric."""

    ratio: float
    """New over base of the metric itself: the median over pairs."""
    low: float | None
    """95 % interval; None with a single pair."""
    high: float | None
    p_value: float | None
    """None with fewer pairs than any test can decide by."""
    verdict: Verdict
    pairs: int
    reason: str
    """One clause: why undecided, or which rule decided."""
    to_decide: int | None
    """How many pairs would likely decide, these included; None when decided, or when even very many would not."""
    q_value: float | None = None
    """After correction for the number of cases and metrics compared; None when judged alone."""
    comparisons: int = 1
    """How many it is corrected for, this one among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedCase:
    """One case and its partner of a run in pairs, for one metric."""

    against: Against
    base: Case
    metric: Metric
    found: PairedRatio

    @property
    def new(self) -> Case:
        return self.against.applied_to(self.base)

    @property
    def is_headline(self) -> bool:
        """Of its workload's first metric: what is told where one sentence per case must do."""
        return self.metric is METRICS[self.base.workload][0]

    @property
    def words(self) -> tuple[str, str]:
        """What tells the two apart: ("fp32", "bf16")."""
        return self.against.words(self.base)
