"""Measure one case; called inside the case's own process."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.backends import BACKENDS
from engine.backends.nvml import other_gpu_processes
from engine.benchmarking.against_eager import answer_of, check_against_eager, hides_operations, is_reference
from engine.benchmarking.codec import (
    case_from_json,
    case_to_json,
    facts_to_json,
    machine_to_json,
    protocol_from_json,
    protocol_to_json,
    samples_to_json,
)
from engine.benchmarking.device import device_of
from engine.benchmarking.model_facts import facts_of
from engine.domain.case import Case
from engine.domain.model import ModelFacts
from engine.domain.run import Protocol
from engine.workloads import WORKLOADS
from engine.workloads.machine import MachineWatch
from engine.workloads.settings import settings_notes
from engine.workloads.skillset_module import import_skillset


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
    device, pinning = device_of(BACKENDS.get(case.backend), case, pinned=protocol.pinned)
    path = Path(arguments["skillset_path"])
    watch = MachineWatch()
    seen = WORKLOADS.get(case.workload).run(path, case, protocol, device)
    others = other_gpu_processes(computes=case.backend == "cuda")
    machine = replace(watch.state(), other_gpu_processes=others)
    notes = [*seen.notes, *pinning, *settings_notes(os.environ)]
    facts: ModelFacts | None = None
    with_facts = arguments["with_facts"]
    if seen.skillset is not None:
        if with_facts and not hides_operations(case):
            facts, problems = facts_of(seen.skillset, seen.inputs)
            notes += problems
        if not is_reference(case):
            answer = answer_of(seen.skillset, seen.inputs)
            seen = replace(seen, skillset=None, inputs={})
            counted, told = check_against_eager(
                answer, import_skillset(path), case, with_facts=with_facts and hides_operations(case)
            )
            facts = counted or facts
            notes += told
    return {
        "actual_device": seen.actual_device,
        "measurements": samples_to_json(seen.samples),
        "facts": None if facts is None else facts_to_json(facts),
        "machine": machine_to_json(machine),
        "notes": notes,
        "checksum": seen.checksum,
    }
