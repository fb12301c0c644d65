"""A requested set of cases, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import prod

from engine.domain.against import PAIRS, Against
from engine.domain.budget import refuse_impossible_budget
from engine.domain.case import Case, Precision, Workload
from engine.domain.model import Tier
from engine.domain.result import Failure
from engine.errors import InvalidValue

MAX_BATCH_SIZE = 4096
MAX_PROCESSES = 1000
MAX_WARMUP = 10_000
MAX_SEQUENCE_LENGTH = 1_000_000
MAX_THREADS = 1024
MAX_TITLE = 200
"""Characters."""
MAX_NEW_TOKENS = 100_000
MAX_WORKERS = 256
NEW_TOKENS = 32
"""How many tokens generation makes for each example while nobody says otherwise."""
WORKERS = 2
MAX_EXECUTIONS = 20_000
"""Beyond these a number is a slip of the keyboard; a plan of that size would only use up memory and time."""


class RunStatus(StrEnum):
    INITIALIZING = "initializing"
    """Planning and generating skillsets."""
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    """Every case has a row; some may have failed."""
    FAILED = "failed"
    """The run itself could not go on; `error` says why."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The process that supervised it died; it can be resumed."""

    @property
    def is_final(self) -> bool:
        return self in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.INTERRUPTED)


class SizeChoice(StrEnum):
    AUTO = "auto"
    """The default size where its estimate fits the machine, else tiny."""
    TINY = "tiny"
    DEFAULT = "default"

    @classmethod
    def leading_to(cls, size: str) -> SizeChoice:
        """What to choose beside `Case.model` to have a case's size again; a checkpoint's name says its size itself."""
        return cls(size) if size in tuple(cls) else cls.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How one result is measured; part of the run's record."""

    processes: int = 3
    """Fresh processes per case: the independent repetitions."""
    warmup: int = 2
    """Fewest discarded iterations."""
    min_iterations: int = 10
    max_iterations: int = 200
    max_seconds: float = 5.0
    """Budget of timed iterations in one process; `min_iterations` are done regardless."""
    target_relative_halfwidth: float = 0.01
    """Stop when the 95 % interval of the median is narrower than this on both sides."""
    timeout_seconds: float = 300.0
    pinned: bool = False
    """Bind each case process to a physical core per thread, where that leaves a choice; not those with workers.

    What was asked for: each result's notes say what it was bound to, or why it was not.
    """
    side_by_side: bool = False
    """Measure as many cases at once as have physical cores of their own; they share caches and memory bandwidth."""

    def __post_init__(self) -> None:
        for name in ("min_iterations", "max_iterations"):
            if getattr(self, name) < 1:
                raise InvalidValue(f"{name} {getattr(self, name)} is not positive; use 1 or more.", field=name)
        _refuse_outside("processes", self.processes, 1, MAX_PROCESSES)
        _refuse_outside("warmup", self.warmup, 0, MAX_WARMUP)
        if self.max_iterations < self.min_iterations:
            raise InvalidValue(
                f"max_iterations {self.max_iterations} is below min_iterations {self.min_iterations}; raise it.",
                field="max_iterations",
            )
        for name in ("max_seconds", "timeout_seconds", "target_relative_halfwidth"):
            if not getattr(self, name) > 0:
                raise InvalidValue(f"{name} {getattr(self, name)} is not positive.", field=name)


def usual_processes(against: Against | None) -> int:
    """Processes of a case, or pairs, while nobody says otherwise."""
    return Protocol().processes if against is None else PAIRS


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a user asked for. Empty `models` means the tier decides."""

    models: tuple[str, ...] = ()
    """Model types and published checkpoints; `size` is that of the types alone."""
    tier: Tier | None = None
    backends: tuple[str, ...] = ("cpu",)
    precisions: tuple[Precision, ...] = (Precision.FP32,)
    batch_sizes: tuple[int, ...] = (1, 8)
    workloads: tuple[Workload, ...] = (Workload.INFERENCE,)
    size: SizeChoice = SizeChoice.AUTO
    sequence_length: int | None = None
    threads: int | None = None
    cold: bool = False
    new_tokens: int | None = None
    """Of generation alone; None means NEW_TOKENS."""
    workers: int | None = None
    """Of concurrency alone; None means WORKERS."""
    compiled: bool = False
    attention: str | None = None
    against: Against | None = None
    """Makes a run in pairs: each case is measured with its partner of this second configuration."""
    checkpoint: str | None = None
    """Hub id, or absolute path of a local folder, whose weights are loaded; `models` may then name its type."""
    allow_pickle: bool = False
    """Whether weights that are only there as a pickle may be opened, with weights_only."""
    progressive: bool = True
    incremental: bool = False
    budget_seconds: float | None = None
    """How long the run may be carried out, over all of its attempts; None for as long as it takes."""
    protocol: Protocol = field(default_factory=Protocol)
    title: str | None = None

    def __post_init__(self) -> None:
        if not self.models and self.tier is None and self.checkpoint is None:
            raise InvalidValue(
                "Neither models nor a tier is named; give at least one model type or a tier.", field="models"
            )
        if self.checkpoint is not None and (len(self.models) > 1 or self.tier is not None):
            raise InvalidValue(
                f"The checkpoint {self.checkpoint} is of one model type; leave models and tier out, or name that type.",
                field="checkpoint",
            )
        for field_name in ("backends", "precisions", "batch_sizes", "workloads"):
            if not getattr(self, field_name):
                raise InvalidValue(f"{field_name} is empty; give at least one.", field=field_name)
        for batch_size in self.batch_sizes:
            if not 1 <= batch_size <= MAX_BATCH_SIZE:
                raise InvalidValue(
                    f"Batch size {batch_size} is not between 1 and {MAX_BATCH_SIZE}.", field="batch_sizes"
                )
        if self.sequence_length is not None:
            _refuse_outside("sequence_length", self.sequence_length, 1, MAX_SEQUENCE_LENGTH)
        if self.threads is not None:
            _refuse_outside("threads", self.threads, 1, MAX_THREADS)
        if self.new_tokens is not None:
            _refuse_outside("new_tokens", self.new_tokens, 2, MAX_NEW_TOKENS)
        if self.workers is not None:
            _refuse_outside("workers", self.workers, 1, MAX_WORKERS)
        if self.budget_seconds is not None:
            refuse_impossible_budget(self.budget_seconds)
        is_alone = self.threads is None or self.against is not None or self.cold or self.protocol.pinned
        if self.protocol.side_by_side and is_alone:
            raise InvalidValue(
                "Cases side by side need a number of threads that leaves cores for others, and are bound to cores as "
                "it is; pairs and cold starts are measured without other cases beside them. Give a number of threads, "
                "leave pinning out, or leave side by side out.",
                field="side_by_side",
            )
        if self.against is not None:
            self._refuse_no_pairs(self.against)
            if self.budget_seconds is not None:
                raise InvalidValue(
                    "A run in pairs takes no time budget, which would cut pairs in two; measure fewer models, batch "
                    "sizes or pairs instead.",
                    field="budget_seconds",
                )

    @property
    def all_backends(self) -> tuple[str, ...]:
        """Those of both configurations."""
        second = None if self.against is None else self.against.backend
        return tuple(dict.fromkeys([*self.backends, *([second] if second is not None else [])]))

    def _refuse_no_pairs(self, against: Against) -> None:
        """A second configuration that is the first, or that several first ones would share."""
        if against.threads is not None:
            _refuse_outside("threads", against.threads, 1, MAX_THREADS)
        if against.sequence_length is not None:
            _refuse_outside("sequence_length", against.sequence_length, 1, MAX_SEQUENCE_LENGTH)
        first = {
            "precision": self.precisions,
            "backend": self.backends,
            "threads": (self.threads,),
            "compiled": (self.compiled,),
            "attention": (self.attention,),
            "sequence_length": (self.sequence_length,),
        }
        for name in against.changes:
            if len(set(first[name])) > 1:
                raise InvalidValue(
                    f"A second {name} makes pairs with a single first one; give one instead of "
                    f"{', '.join(map(str, first[name]))}.",
                    field="against",
                )
        if all(value == first[name][0] for name, value in against.changes.items()):
            raise InvalidValue(
                f"The second configuration, {against.text}, is the first one; name one that differs.", field="against"
            )

    def refuse_unused(self) -> None:
        """Raises InvalidValue for a number that none of the workloads takes; requests stored before may hold one."""
        numbers = {
            "new_tokens": (self.new_tokens, Workload.GENERATION),
            "workers": (self.workers, Workload.CONCURRENCY),
        }
        for name, (value, workload) in numbers.items():
            if value is not None and workload not in self.workloads:
                raise InvalidValue(
                    f"{name} {value} is for {workload} alone, and the workloads are {', '.join(self.workloads)}; add "
                    f"{workload} to them, or leave {name} out.",
                    field=name,
                )

    def refuse_if_too_large(self, models: int) -> None:
        """Raises InvalidValue when `models` model types make more executions than one run may hold."""
        factors = {
            "models": models,
            "backends": len(set(self.backends)),
            "precisions": len(set(self.precisions)),
            "batch_sizes": len(set(self.batch_sizes)),
            "workloads": len(set(self.workloads)),
            "processes": self.protocol.processes,
            "configurations": 1 if self.against is None else 2,
        }
        executions = prod(factors.values())
        if executions > MAX_EXECUTIONS:
            product = " x ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in factors.items() if count > 1)
            largest = max(factors, key=factors.__getitem__)
            raise InvalidValue(
                f"{product} come to {executions:,} executions; one run holds {MAX_EXECUTIONS:,} at most. "
                f"Use fewer {largest.replace('_', ' ')}, or split it into several runs.",
                field=largest,
            )


def _refuse_outside(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidValue(f"{name} {value} is not between {least} and {most}.", field=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCase:
    case: Case
    repetition: int
    estimated_seconds: tuple[float, float] | None = None
    """Likely duration, low and high; None when nothing like it was ever run."""
    estimated_bytes: int | None = None
    """Peak memory it is expected to show, as the meter counts; None where nothing is known of the model's weights."""
    in_budget: bool = True
    """Whether the run's time is expected to reach it; one that it should not reach runs all the same if it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedCase:
    case: Case
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Cases in the order they will run, and those left out with their reason."""

    planned: tuple[PlannedCase, ...]
    skipped: tuple[SkippedCase, ...]
    estimated_seconds: tuple[float, float] | None = None
    """Of all that is in the budget."""
    is_guess: bool = False
    """Whether any of it rests on no duration ever seen here, only on parameters and operations."""
    unchecked: tuple[str, ...] = ()
    """Backends of planned cases that nobody tells the free memory of, so that whether these fit was not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    run_id: str
    number: int
    """Counts up from 1 within a database: what people say aloud."""
    status: RunStatus
    request: RunRequest
    environment_id: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    active_seconds: float | None = None
    """How long it was carried out, summed over the attempts that have ended; None before the first has.

    Planning, waiting for its turn and the time between an end and a resumption are not in it.
    """
    total: int = 0
    """Planned executions, skipped ones included."""
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    error: str | None = None
    imported_from: str | None = None
    """The source of results that were measured elsewhere; None for a run that was carried out."""

    @property
    def done(self) -> int:
        return self.completed + self.failed + self.skipped + self.cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProgress:
    """One line of a live run card: one planned execution."""

    index: int
    label: str
    case: Case
    repetition: int
    state: str
    """queued, running, or a ResultStatus value."""
    elapsed_seconds: float | None = None
    latency_seconds: float | None = None
    throughput: float | None = None
    """Of the rate that its workload has, in that metric's unit; None for startup and before its end."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """A snapshot of a run at one moment: what status, sockets and cards show."""

    run: Run
    current_step: str
    elapsed_seconds: float
    """`run.active_seconds` and, while an attempt is under way, its time so far; 0 before the run has begun."""
    remaining_seconds: tuple[float, float] | None
    """10 to 90 % range of what is left; None while nothing is known."""
    cases: tuple[CaseProgress, ...] = ()
    log: tuple[str, ...] = ()
    """Newest lines last."""
    sequence: int = 0
    """Grows by one at each change."""
    changed_at: datetime | None = None
    """When that was; None of a run that nobody carries any longer."""

    @property
    def fraction(self) -> float:
        """0..1 of the planned executions that have a row."""
        if self.run.status in (RunStatus.COMPLETED,):
            return 1.0
        return self.run.done / self.run.total if self.run.total else 0.0
