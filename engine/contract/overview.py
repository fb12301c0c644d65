"""Answers that cross every part of the house: one model, a search, and where everything stands. SI units."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from engine.contract.answer import Moment, Seconds, TypedDict, answer
from engine.contract.catalog import ModelRow
from engine.contract.generator import SkillsetRow
from engine.contract.queries import WHOLE, Query
from engine.contract.results import FailureRow
from engine.domain.case import Precision, Workload
from engine.domain.conformance import Check, Verdict
from engine.domain.measurement import Better
from engine.domain.result import Provenance

__all__ = [
    "CaseRow",
    "CheckRow",
    "ConformanceRow",
    "EstimateRow",
    "KnownModel",
    "Overview",
    "Place",
    "Places",
    "SearchQuery",
]


class SearchQuery(Query):
    q: Annotated[str, Field(min_length=1, max_length=100)]
    """Words, all of which have to be there."""
    limit: Annotated[int, Field(strict=True, ge=1, le=20), WHOLE] = 20


@answer
class Place(TypedDict):
    """One hit."""

    kind: str
    """model, run or case"""
    label: str
    detail: str
    href: str
    """Address of the dashboard's page about it."""


@answer
class Places(TypedDict):
    """Nearest first within a kind."""

    places: list[Place]


@answer
class EstimateRow(TypedDict):
    """One metric of a case over its processes."""

    unit: str
    better: Better
    value: float
    low: float | None
    high: float | None
    method: str | None
    """How the interval was made."""
    processes: int


@answer
class CaseRow(TypedDict):
    """What all results of one case in one environment say together."""

    case_id: str
    label: str
    model: str
    size: str
    workload: Workload
    backend: str
    precision: Precision
    batch_size: int
    sequence_length: int | None
    threads: int | None
    environment: str
    provenance: Provenance
    measured_at: Moment
    last_run_id: str
    completed: int
    failed: int
    last_failure: FailureRow | None
    is_noisy: bool | None
    metrics: dict[str, EstimateRow]
    """By the metric's name; empty when no process completed."""


@answer
class CheckRow(TypedDict):
    check: Check
    verdict: Verdict
    reason: str | None
    seconds: Seconds | None


@answer
class ConformanceRow(TypedDict):
    """The newest examination on one backend at one precision."""

    backend: str
    precision: Precision
    verdict: Verdict
    library: str
    library_version: str
    environment: str
    examined_at: Moment
    checks: list[CheckRow]


@answer
class KnownModel(TypedDict):
    """Everything known of one model type."""

    model: ModelRow
    skillset: SkillsetRow | None
    """What was generated last; null before the first."""
    conformance: list[ConformanceRow]
    cases: list[CaseRow]
    """Newest first, of every environment."""
    runs: list[str]
    """Ids of the runs in which its cases were measured last."""


@answer
class StatusCount(TypedDict):
    status: str
    count: int


@answer
class Overview(TypedDict):
    """Where everything stands."""

    environment: str
    machine: str
    results: int
    cases: int
    models_known: int
    models_runnable: int
    models_measured: int
    skillsets: int
    runs: list[StatusCount]
    active_runs: list[str]
    active_operations: list[str]
    newest: list[CaseRow]
    """The cases measured last, newest first."""
