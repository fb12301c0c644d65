"""A backend as workloads see it: the meters it brings along, else those of this machine."""

from __future__ import annotations

from engine.backends.backend import Backend, HasOwnClock, HasOwnMemory
from engine.backends.energy import energy_meter_of
from engine.backends.pinning import pin_to_cores
from engine.domain.case import Case, Workload
from engine.workloads.memory import MemoryMeter
from engine.workloads.torch_session import open_torch
from engine.workloads.workload import Device


def device_of(backend: Backend, case: Case, *, pinned: bool) -> tuple[Device, list[str]]:
    """Where `case` runs, and a list that gets a note on pinning, if asked for, once the device is prepared."""
    notes: list[str] = []

    def prepare() -> int:
        threads = backend.prepare(case.threads)
        if (
            pinned and case.workload is not Workload.CONCURRENCY
        ):  # its workers need the cores that one of them would leave alone
            notes.extend(pin_to_cores(threads))
        return threads

    return (
        Device(
            name=backend.device,
            prepare=prepare,
            synchronize=backend.synchronize,
            open=lambda module, wanted: open_torch(module, wanted, backend.device),
            clock=backend.seconds_of if isinstance(backend, HasOwnClock) else None,
            memory_meter=backend.memory_meter if isinstance(backend, HasOwnMemory) else MemoryMeter,
            energy_meter=lambda: energy_meter_of(backend.name),
        ),
        notes,
    )
