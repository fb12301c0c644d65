"""The body of POST /api/benchmark/run, and the run that it asks for."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from engine.domain.against import Against
from engine.domain.budget import LEAST_SECONDS, MOST_SECONDS
from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import (
    MAX_BATCH_SIZE,
    MAX_NEW_TOKENS,
    MAX_PROCESSES,
    MAX_SEQUENCE_LENGTH,
    MAX_THREADS,
    MAX_TITLE,
    MAX_WARMUP,
    MAX_WORKERS,
    Protocol,
    RunRequest,
    SizeChoice,
    usual_processes,
)

NAMES = {
    "backends": "hardware",
    "precisions": "precision",
    "tier": "priority",
    "progressive": "progressive_mode",
    "compiled": "compile",
    "pinned": "pin",
    "processes": "runs",
    "size_choice": "size",
}
"""The engine's name of a field -> the endpoint's, where they differ: errors name what the client wrote."""


class Priority(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    ALL = "all"


def as_list(value: Any) -> Any:
    """One name may stand for a list of it."""
    return [value] if isinstance(value, str) else value


def _as_number_list(value: Any) -> Any:
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, Field(min_length=1, max_length=200)]
Several = Annotated[list[Name], Field(max_length=1000)]
AtLeastOne = Annotated[list[Name], Field(min_length=1, max_length=1000)]
BatchSize = Annotated[StrictInt, Field(ge=1, le=MAX_BATCH_SIZE)]
BatchSizes = Annotated[list[BatchSize], Field(min_length=1, max_length=100)]
Precisions = Annotated[list[Precision], Field(min_length=1, max_length=100)]
Workloads = Annotated[list[Workload], Field(min_length=1, max_length=100)]
Length = Annotated[StrictInt, Field(ge=1, le=MAX_SEQUENCE_LENGTH)]
Threads = Annotated[StrictInt, Field(ge=1, le=MAX_THREADS)]
Attention = Annotated[str, Field(min_length=1, max_length=100)]


class AgainstBody(BaseModel):
    """The second configuration of a run in pairs: what it has instead; at least one field."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    precision: Precision | None = None
    hardware: Name | None = None
    threads: Threads | None = None
    compiled: Annotated[StrictBool | None, Field(alias="compile")] = None
    attention: Attention | None = None
    sequence_length: Length | None = None

    def to_against(self) -> Against:
        """Raises InvalidValue where nothing differs."""
        return Against(
            precision=self.precision,
            backend=self.hardware,
            threads=self.threads,
            compiled=self.compiled,
            attention=self.attention,
            sequence_length=self.sequence_length,
        )


class RunBody(BaseModel):
    """Every field may be left out except that models, a priority or a checkpoint must be named."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    models: Annotated[Several, BeforeValidator(as_list, json_schema_input_type=Name | Several)] = []
    """Model types or published checkpoints; they win over the priority."""
    priority: Priority | None = None
    """Every runnable type of this tier and those above it."""
    hardware: Annotated[AtLeastOne, BeforeValidator(as_list, json_schema_input_type=Name | AtLeastOne)] = ["cpu"]
    """Backends."""
    precision: Annotated[Precisions, BeforeValidator(as_list, json_schema_input_type=Precision | Precisions)] = [
        Precision.FP32
    ]
    batch_sizes: Annotated[
        BatchSizes, BeforeValidator(_as_number_list, json_schema_input_type=BatchSize | BatchSizes)
    ] = [1, 8]
    progressive_mode: StrictBool = True
    """Cheap cases first; a batch stops growing when it no longer pays."""
    incremental: StrictBool = False
    """Only what this environment has not measured recently."""
    workloads: Annotated[Workloads, BeforeValidator(as_list, json_schema_input_type=Workload | Workloads)] = [
        Workload.INFERENCE
    ]
    size: SizeChoice = SizeChoice.AUTO
    sequence_length: Length | None = None
    threads: Threads | None = None
    runs: Annotated[StrictInt, Field(ge=1, le=MAX_PROCESSES)] | None = None
    """Processes per case."""
    warmup: Annotated[StrictInt, Field(ge=0, le=MAX_WARMUP)] | None = None
    """Iterations that are not recorded."""
    pinned: Annotated[StrictBool, Field(alias="pin")] = False
    """Bind case processes to as many cores as they have threads."""
    side_by_side: StrictBool = False
    """Measure as many cases at once as have cores of their own."""
    cold: StrictBool = False
    """Startup in fresh interpreters."""
    new_tokens: Annotated[StrictInt, Field(ge=2, le=MAX_NEW_TOKENS)] | None = None
    """For generation alone."""
    workers: Annotated[StrictInt, Field(ge=1, le=MAX_WORKERS)] | None = None
    """For concurrency alone."""
    compiled: Annotated[StrictBool, Field(alias="compile")] = False
    attention: Attention | None = None
    budget_seconds: Annotated[float, Field(strict=True, ge=LEAST_SECONDS, le=MOST_SECONDS)] | None = None
    against: AgainstBody | None = None
    checkpoint: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Hub id or absolute folder of trained weights."""
    title: Annotated[str, Field(max_length=MAX_TITLE)] | None = None

    def to_request(self) -> RunRequest:
        """The engine's request; models that are named win over the priority. Raises InvalidValue."""
        against = None if self.against is None else self.against.to_against()
        protocol = Protocol(
            processes=self.runs or usual_processes(against), pinned=self.pinned, side_by_side=self.side_by_side
        )
        if self.warmup is not None:
            protocol = replace(protocol, warmup=self.warmup)
        request = RunRequest(
            models=_unique(self.models),
            tier=None if self.models else tier_of(self.priority),
            backends=_unique(self.hardware),
            precisions=_unique(self.precision),
            batch_sizes=_unique(self.batch_sizes),
            workloads=_unique(self.workloads),
            size=self.size,
            sequence_length=self.sequence_length,
            threads=self.threads,
            cold=self.cold,
            new_tokens=self.new_tokens,
            workers=self.workers,
            compiled=self.compiled,
            attention=self.attention,
            against=against,
            checkpoint=self.checkpoint,
            progressive=self.progressive_mode,
            incremental=self.incremental,
            budget_seconds=self.budget_seconds,
            protocol=protocol,
            title=self.title,
        )
        request.refuse_unused()
        return request


def tier_of(priority: Priority | None) -> Tier | None:
    """`all` is the lowest tier, which includes every other."""
    if priority is None:
        return None
    return Tier.LOW if priority is Priority.ALL else Tier(priority.value)


def _unique(values: list[Any]) -> tuple[Any, ...]:
    """Each value once, in the order given."""
    return tuple(dict.fromkeys(values))
