"""Measure one case; called inside the case's own process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engine.backends import BACKENDS
from engine.backends.cores import usable_physical_cores
from engine.benchmarking.codec import (
    case_from_json,
    case_to_json,
    facts_to_json,
    machine_to_json,
    protocol_from_json,
    protocol_to_json,
    samples_to_json,
)
from engine.benchmarking.model_facts import facts_of
from engine.domain.case import Case
from engine.domain.run import Protocol
from engine.workloads import WORKLOADS
from engine.workloads.machine import MachineWatch
from engine.workloads.settings import settings_notes
from engine.workloads.torch_session import open_torch
from engine.workloads.workload import Device


def measuring_arguments(case: Case, protocol: Protocol, skillset_path: str, *, with_facts: bool) -> dict[str, Any]:
    """What `measure_case` is called with."""
    return {
        "skillset_path": skillset_path,
        "case": case_to_json(case),
        "protocol": protocol_to_json(protocol),
        "with_facts": with_facts,
    }


def measure_case(arguments: dict[str, Any]) -> dict[str, Any]:
    """Exercise the skillset as the case says; samples by metric, the facts of the model, and the machine's state."""
    case = case_from_json(arguments["case"])
    protocol = protocol_from_json(arguments["protocol"])
    backend = BACKENDS.get(case.backend)
    device = Device(
        name=backend.device,
        prepare=lambda: backend.prepare(_threads(case)),
        synchronize=backend.synchronize,
        open=lambda module, wanted: open_torch(module, wanted, backend.device),
    )
    watch = MachineWatch()
    seen = WORKLOADS.get(case.workload).run(Path(arguments["skillset_path"]), case, protocol, device)
    machine = watch.state()
    has_facts = arguments["with_facts"] and seen.skillset is not None
    facts, fact_notes = facts_of(seen.skillset, seen.inputs) if has_facts else (None, [])
    return {
        "actual_device": seen.actual_device,
        "measurements": samples_to_json(seen.samples),
        "facts": None if facts is None else facts_to_json(facts),
        "machine": machine_to_json(machine),
        "notes": [*seen.notes, *settings_notes(os.environ), *fact_notes],
        "checksum": seen.checksum,
    }


def _threads(case: Case) -> int | None:
    """Inside one operation; workers that were given no number share the cores."""
    if case.threads is not None or case.workers is None:
        return case.threads
    return max(1, usable_physical_cores() // case.workers)
