"""Measure one case; called inside the case's own process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.backends import BACKENDS
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
from engine.domain.case import Case, Workload
from engine.domain.hardware import MachineState
from engine.domain.model import ModelFacts
from engine.domain.run import Protocol
from engine.graphs.artifact import read_artifact
from engine.graphs.session import GraphSource
from engine.graphs.startup import GraphStartup
from engine.workloads import WORKLOADS
from engine.workloads.machine import MachineWatch
from engine.workloads.settings import settings_notes
from engine.workloads.torch_session import open_torch
from engine.workloads.workload import Device, Exercise, Observation


def measuring_arguments(
    case: Case, protocol: Protocol, skillset_path: str, *, with_facts: bool, artifact: Path | None = None
) -> dict[str, Any]:
    """What `measure_case` is called with; `artifact` is the folder of the exported graph, for backends that run one."""
    return {
        "skillset_path": skillset_path,
        "case": case_to_json(case),
        "protocol": protocol_to_json(protocol),
        "with_facts": with_facts,
        "artifact": None if artifact is None else str(artifact),
    }


def measure_case(arguments: dict[str, Any]) -> dict[str, Any]:
    """Exercise the skillset as the case says; samples by metric, the facts of the model, and the machine's state."""
    case = case_from_json(arguments["case"])
    protocol = protocol_from_json(arguments["protocol"])
    if arguments["artifact"] is not None:
        return _measure_graph(case, protocol, arguments)
    backend = BACKENDS.get(case.backend)
    device = Device(
        name=backend.device,
        prepare=lambda: backend.prepare(case.threads),
        synchronize=backend.synchronize,
        open=lambda module, wanted: open_torch(module, wanted, backend.device),
    )
    watch = MachineWatch()
    seen = WORKLOADS.get(case.workload).run(Path(arguments["skillset_path"]), case, protocol, device)
    machine = watch.state()
    has_facts = arguments["with_facts"] and seen.skillset is not None
    facts, fact_notes = facts_of(seen.skillset, seen.inputs) if has_facts else (None, [])
    return _told(seen, machine, facts, fact_notes)


def _measure_graph(case: Case, protocol: Protocol, arguments: dict[str, Any]) -> dict[str, Any]:
    """The same of an exported graph, whose answer is compared with torch's once everything is measured."""
    backend = BACKENDS.get(case.backend)
    source = GraphSource(read_artifact(Path(arguments["artifact"])), case, backend.prepare)
    device = Device(name=backend.device, prepare=source.prepare, synchronize=backend.synchronize, open=source.open)
    exercise: Exercise = GraphStartup(source) if case.workload is Workload.STARTUP else WORKLOADS.get(case.workload)
    watch = MachineWatch()
    seen = exercise.run(Path(arguments["skillset_path"]), case, protocol, device)
    machine = watch.state()
    return _told(seen, machine, source.artifact.facts if arguments["with_facts"] else None, source.verify())


def _told(
    seen: Observation, machine: MachineState, facts: ModelFacts | None, more_notes: Sequence[str]
) -> dict[str, Any]:
    return {
        "actual_device": seen.actual_device,
        "measurements": samples_to_json(seen.samples),
        "facts": None if facts is None else facts_to_json(facts),
        "machine": machine_to_json(machine),
        "notes": [*seen.notes, *settings_notes(os.environ), *more_notes],
        "checksum": seen.checksum,
    }
