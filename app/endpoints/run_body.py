"""The body of POST /api/benchmark/run, and the run that it asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from engine.domain.against import Against
from engine.domain.budget import LEAST_SECONDS, MOST_SECONDS
from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import (
    MAX_NEW_TOKENS,
    MAX_PROCESSES,
    MAX_SEQUENCE_LENGTH,
    MAX_THREADS,
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


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_number_list(value: Any) -> Any:
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], BeforeValidator(_as_list), Field(max_length=1000)]


class AgainstBody(BaseModel):
    """The second configuration of a run in pairs: what it has instead; at least one field."""

    model_config = ConfigDict(extra="forbid")

    precision: Precision | None = None
    hardware: Name | None = None
    threads: Annotated[StrictInt, Field(ge=1, le=MAX_THREADS)] | None = None
    compiled: Annotated[StrictBool | None, Field(alias="compile")] = None
    attention: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    sequence_length: Annotated[StrictInt, Field(ge=1, le=MAX_SEQUENCE_LENGTH)] | None = None

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
    """Every field may be left out except that a model or a priority must be named."""

    model_config = ConfigDict(extra="forbid")

    models: Names = []
    priority: Priority | None = None
    hardware: Annotated[Names, Field(min_length=1)] = ["cpu"]
    precision: Annotated[list[Precision], BeforeValidator(_as_list), Field(min_length=1)] = [Precision.FP32]
    batch_sizes: Annotated[list[StrictInt], BeforeValidator(_as_number_list), Field(min_length=1, max_length=100)] = [
        1,
        8,
    ]
    progressive_mode: StrictBool = True
    incremental: StrictBool = False
    workloads: Annotated[list[Workload], BeforeValidator(_as_list), Field(min_length=1)] = [Workload.INFERENCE]
    size: SizeChoice = SizeChoice.AUTO
    sequence_length: Annotated[StrictInt, Field(ge=1, le=MAX_SEQUENCE_LENGTH)] | None = None
    threads: Annotated[StrictInt, Field(ge=1, le=MAX_THREADS)] | None = None
    runs: Annotated[StrictInt, Field(ge=1, le=MAX_PROCESSES)] | None = None
    warmup: Annotated[StrictInt, Field(ge=0, le=MAX_WARMUP)] | None = None
    pinned: Annotated[StrictBool, Field(alias="pin")] = False
    side_by_side: StrictBool = False
    cold: StrictBool = False
    new_tokens: Annotated[StrictInt, Field(ge=2, le=MAX_NEW_TOKENS)] | None = None
    workers: Annotated[StrictInt, Field(ge=1, le=MAX_WORKERS)] | None = None
    compiled: Annotated[StrictBool, Field(alias="compile")] = False
    attention: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    budget_seconds: Annotated[float, Field(strict=True, ge=LEAST_SECONDS, le=MOST_SECONDS)] | None = None
    against: AgainstBody | None = None
    checkpoint: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    title: Annotated[str, Field(max_length=200)] | None = None

    def to_request(self) -> RunRequest:
        """The engine's request; models that are named win over the priority. Raises InvalidValue."""
        against = None if self.against is None else self.against.to_against()
        given = {
            "processes": self.runs or usual_processes(against),
            "warmup": self.warmup,
            "pinned": self.pinned,
            "side_by_side": self.side_by_side,
        }
        protocol = Protocol(**{name: value for name, value in given.items() if value is not None})
        request = RunRequest(
            models=_unique(self.models),
            tier=None if self.models else self._tier(),
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

    def _tier(self) -> Tier | None:
        if self.priority is None:
            return None
        return Tier.LOW if self.priority is Priority.ALL else Tier(self.priority.value)


def _unique(values: list[Any]) -> tuple[Any, ...]:
    """Each value once, in the order given."""
    return tuple(dict.fromkeys(values))
