"""Answers about results. Figures are in SI units."""

from __future__ import annotations

from engine.contract.answer import Moment, Seconds, TypedDict, answer
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Better
from engine.domain.model import Family
from engine.domain.result import FailureKind, Provenance, ResultStatus
from engine.domain.summary import Verdict

__all__ = ["FailureRow", "Figure", "PairRow", "ResultRow", "Results"]


@answer
class FailureRow(TypedDict):
    """Why a result has no figures."""

    kind: FailureKind
    reason: str


@answer
class Figure(TypedDict):
    """One metric of one result, which is one process's."""

    unit: str
    better: Better
    median: float
    low: float | None
    """Of its own interval over iterations; null where it carries none."""
    high: float | None
    samples: int
    processes: int


@answer
class ResultRow(TypedDict):
    """One execution of one case; missing values are null."""

    result_id: str
    run_id: str
    case_id: str
    repetition: int
    model: str
    model_type: str
    family: Family
    task: str
    size: str
    workload: Workload
    cold: bool
    requested_backend: str
    backend: str
    actual_device: str | None
    precision: Precision
    batch_size: int
    sequence_length: int | None
    image_size: int | None
    threads: int | None
    new_tokens: int | None
    workers: int | None
    compiled: bool
    attention: str | None
    checkpoint: str | None
    checkpoint_digest: str | None
    status: ResultStatus
    failure: FailureRow | None
    provenance: Provenance
    environment: str
    measured_at: Moment
    duration_seconds: Seconds | None
    is_noisy: bool | None
    notes: list[str]
    estimated_bytes: int | None
    metrics: dict[str, Figure]
    """By the metric's name."""


@answer
class Results(TypedDict):
    """Newest first."""

    results: list[ResultRow]
    count: int
    limit: int


@answer
class PairRow(TypedDict):
    """The verdict of one case and metric of a run in pairs; the case is as in the first configuration."""

    model: str
    model_type: str
    size: str
    workload: Workload
    backend: str
    precision: Precision
    batch_size: int
    sequence_length: int | None
    threads: int | None
    compiled: bool
    attention: str | None
    cold: bool
    base: str
    new: str
    base_case_id: str
    new_case_id: str
    metric: str
    unit: str
    better: Better
    ratio: float
    """New over base, of the metric itself."""
    low: float | None
    high: float | None
    p_value: float | None
    q_value: float | None
    verdict: Verdict
    pairs: int
    pairs_to_decide: int | None
    comparisons: int
    resolvable_change: float | None
    resolution: str
    resolution_grounds: str
    reason: str
    sentence: str
