"""A backend as workloads see it: the meters it brings along, else those of this machine."""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

from engine.backends.backend import Backend, HasBoard, HasContext, HasOwnClock, HasOwnMemory
from engine.backends.cores import usable_physical_cores
from engine.backends.energy import energy_meter_of
from engine.backends.pinning import pin_to_cores
from engine.domain.case import Case, Workload
from engine.workloads.memory import MemoryMeter
from engine.workloads.torch_session import open_torch
from engine.workloads.workload import Device, Session


class Source(Protocol):
    """Where a backend that does not run torch's model has its own from."""

    def prepare(self) -> int: ...

    def open(self, module: ModuleType, case: Case) -> Session: ...


def device_of(backend: Backend, case: Case, source: Source | None = None, *, pinned: bool) -> tuple[Device, list[str]]:
    """Where `case` runs, and a list that has a note on pinning, if asked for, once the device is prepared.

    Without a `source` torch builds the model from its skillset. Workers are not pinned: together they need the cores
    that one of them would leave alone.
    """
    notes: list[str] = []
    of_workers = case.workload is Workload.CONCURRENCY
    if pinned and of_workers:
        notes.append("Not pinned: several workers share the cores as the scheduler lets them.")
    board = backend.board if isinstance(backend, HasBoard) else _no_board

    def prepare() -> int:
        threads = backend.prepare(_threads(case)) if source is None else source.prepare()
        if pinned and not of_workers:
            notes.append(pin_to_cores(threads))
        return threads

    return (
        Device(
            name=backend.device,
            prepare=prepare,
            open_context=backend.open_context if isinstance(backend, HasContext) else None,
            synchronize=backend.synchronize,
            open=source.open if source is not None else lambda found, wanted: open_torch(found, wanted, backend.device),
            clock=backend.seconds_of if isinstance(backend, HasOwnClock) else None,
            memory_meter=backend.memory_meter if isinstance(backend, HasOwnMemory) else MemoryMeter,
            energy_meter=lambda: energy_meter_of(backend.name, board()),
            board=board,
        ),
        notes,
    )


def _no_board() -> None:
    """The driver knows of none."""


def _threads(case: Case) -> int | None:
    """Inside one operation; workers that were given no number share the cores."""
    if case.threads is not None or case.workers is None:
        return case.threads
    return max(1, usable_physical_cores() // case.workers)
