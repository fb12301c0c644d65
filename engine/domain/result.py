"""One execution of one case, in one process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.case import Case, Precision, Workload
from engine.domain.hardware import MachineState
from engine.domain.measurement import Measurement, Metric
from engine.domain.model import Family, ModelFacts


class ResultStatus(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Provenance(StrEnum):
    MEASURED = "measured"
    IMPORTED = "imported"
    SIMULATED = "simulated"
    PREDICTED = "predicted"
    """Never stored as a result; for figures that mix predictions with results."""


class FailureKind(StrEnum):
    ERROR = "error"
    """An exception in the case's process."""
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    """The process died of a signal."""
    WRONG_OUTPUT = "wrong_output"
    NOT_AVAILABLE = "not_available"
    """The backend or precision is not here."""
    DOES_NOT_FIT = "does_not_fit"
    """Skipped: the estimate exceeds the memory at hand."""
    ALREADY_MEASURED = "already_measured"
    """Skipped by incremental mode."""
    PLATEAU = "plateau"
    """Skipped by progressive mode: throughput stopped growing. Beyond a failure its own kind stands instead."""
    OUT_OF_BUDGET = "budget"
    """Skipped: the run's time budget had no room for it."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a result is not completed."""

    kind: FailureKind
    reason: str
    """One line for a person."""
    log: str = ""
    """Traceback or last lines of the process's output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    result_id: str
    run_id: str
    case: Case
    repetition: int
    """0-based number of the process among those asked for this case in this run."""
    status: ResultStatus
    provenance: Provenance
    environment_id: str
    requested_backend: str
    actual_device: str | None
    """Where it really ran; None when it did not run."""
    started_at: datetime
    duration_seconds: float
    failure: Failure | None = None
    measurements: tuple[Measurement, ...] = ()
    facts: ModelFacts | None = None
    machine: MachineState | None = None
    skillset_checksum: str | None = None
    notes: tuple[str, ...] = ()
    """Warnings worth showing beside the number."""
    estimated_bytes: int | None = None
    """The peak memory that the plan expected, before anything was launched; None where it had no ground to."""

    def measurement(self, metric: Metric) -> Measurement | None:
        return next((found for found in self.measurements if found.metric is metric), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFilter:
    """Which results are meant; an empty tuple or None does not restrict."""

    models: tuple[str, ...] = ()
    """Model types, each with its checkpoints, and single checkpoints."""
    families: tuple[Family, ...] = ()
    backends: tuple[str, ...] = ()
    precisions: tuple[Precision, ...] = ()
    batch_sizes: tuple[int, ...] = ()
    workloads: tuple[Workload, ...] = ()
    sizes: tuple[str, ...] = ()
    statuses: tuple[ResultStatus, ...] = ()
    run_id: str | None = None
    environment_id: str | None = None
    include_simulated: bool = False
    limit: int | None = None
    """Newest first."""
