"""What a workload is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any, Protocol

from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.run import Protocol as MeasuringProtocol
from engine.workloads.answer import Answer
from engine.workloads.memory import MemoryMeter


class Session(Protocol):
    """A model that is ready to answer the case's inputs."""

    @property
    def skillset(self) -> Any | None:
        """The loaded skillset; None where no torch model is in memory."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Tensors at the case's batch size and shape, by name."""
        ...

    @property
    def actual_device(self) -> str:
        """Where it runs, by what the runtime itself says."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Sentences worth showing beside the figures."""
        ...

    def infer(self) -> Mapping[str, Any]:
        """One forward pass over `inputs`: its output tensors by name."""
        ...


class PeakMeter(Protocol):
    """Tells the peak of memory; its zero is what was taken when it was made, before the model is built."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences worth showing beside the figure."""
        ...

    def start_pass(self) -> None:
        """Forget peaks of the past."""
        ...

    def peak_bytes(self) -> int | None:
        """The highest since; None where nobody can tell."""
        ...


class EnergyMeter(Protocol):
    """A counter of energy."""

    def start(self) -> None: ...

    def joules(self) -> float | None:
        """Since `start`; None where the time was too short for the counter, which `notes` then says."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What the figure is of, or why there is none."""
        ...


class Turns(Protocol):
    """The turns of this process among those that it is measured with; inside its own, no other computes."""

    @property
    def settle_seconds(self) -> float:
        """To wait at the start of a turn until the others' threads have left the processor."""
        ...

    def pass_on(self, *, is_enough: bool) -> bool:
        """Give the turn away and wait for the next one; True when all have enough, which ends this part."""
        ...


Clock = Callable[[Callable[[], object]], float]
"""Runs an action and tells its seconds, until its work is done."""


def seconds_by_host(action: Callable[[], object]) -> float:
    """By the clock of this machine, for an action that itself waits for its work."""
    before = perf_counter()
    action()
    return perf_counter() - before


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where the case runs: what a workload needs to know of its backend."""

    name: str
    """As skillsets understand it, such as cpu or cuda:0."""
    prepare: Callable[[], int]
    """Fix what the backend fixes and return the number of threads; called once torch may be imported."""
    open_context: Callable[[], None] | None = None
    """Open the device for this process, before anything is built on it; None where there is nothing to open.

    It belongs to starting up, and is timed there. Other workloads call `ready`.
    """
    synchronize: Callable[[], None]
    """Wait until queued work is done, so that a timer stops after the work and not after its launch."""
    open: Callable[[ModuleType, Case], Session]
    """Build the case's model from its imported skillset."""
    clock: Clock | None = None
    """The device's own, by its events; None where iterations are timed by the host, `synchronize` included."""
    memory_meter: Callable[[], PeakMeter] = MemoryMeter
    """Of the memory that the model lies in: the process's own, or that of the device."""
    energy_meter: Callable[[], EnergyMeter | None] = lambda: None
    """Of processor or device; None where no counter can be read."""
    board: Callable[[], str | None] = lambda: None
    """UUID of the GPU, by which the driver's own library knows it; asked in a process that has opened the device."""
    turns: Turns | None = None
    """With whom it is shared, a moment each; None where this process has it for itself."""

    def ready(self) -> int:
        """Prepared, and open where it can be; the number of threads."""
        threads = self.prepare()
        if self.open_context is not None:
            self.open_context()
        return threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one process saw."""

    samples: dict[Metric, list[float]]
    actual_device: str
    notes: list[str]
    skillset: Any | None
    """The loaded skillset, so that what follows need not build the model again; None where none was loaded."""
    inputs: Mapping[str, Any]
    checksum: str | None
    answer: Answer | None = None
    """Where the model itself is out of reach: what it said, to be compared with eager fp32; None where it is not, or
    where there is nothing to compare."""
    board: str | None = None
    """UUID of the GPU it ran on; None without one, or where it is not told."""


class Exercise(Protocol):
    """One way to exercise a skillset."""

    @property
    def name(self) -> Workload: ...

    def run(self, skillset_path: Path, case: Case, protocol: MeasuringProtocol, device: Device) -> Observation: ...
