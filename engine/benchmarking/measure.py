"""Measure one case; called inside the case's own process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.backends import BACKENDS
from engine.backends.gpu_watch import GpuWatch
from engine.backends.nvml import NvmlRefusal
from engine.backends.pinning import bind_to
from engine.benchmarking.against_eager import check_against_eager, hides_operations
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
from engine.benchmarking.own_turns import OwnTurns, taking_turns
from engine.domain.case import Case, Workload
from engine.domain.hardware import MachineState
from engine.domain.model import ModelFacts
from engine.domain.run import Protocol
from engine.formatting import counted
from engine.graphs.artifact import read_artifact
from engine.graphs.session import GraphSource
from engine.graphs.startup import GraphStartup
from engine.workloads import WORKLOADS
from engine.workloads.answer import answer_of, is_reference
from engine.workloads.machine import MachineWatch, own_cpu_seconds, read_ticks
from engine.workloads.settings import settings_notes
from engine.workloads.skillset_module import import_skillset
from engine.workloads.timed_turns import TURN_SECONDS
from engine.workloads.workload import Exercise, Observation

_SILENT_GPUS = ("rocm", "mps")
"""Backends of GPUs on which nobody here tells what other programs do."""


def measuring_arguments(
    case: Case,
    protocol: Protocol,
    skillset_path: str,
    *,
    with_facts: bool,
    artifact: Path | None = None,
    cores: Sequence[int] | None = None,
    ticket: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `measure_case` is called with; `artifact` is the folder of the exported graph, for backends that run one,
    `cores` are those that the case has for itself while others run beside it, and `ticket` is the referee's, where it
    takes turns with others."""
    return {
        "skillset_path": skillset_path,
        "case": case_to_json(case),
        "protocol": protocol_to_json(protocol),
        "with_facts": with_facts,
        "artifact": None if artifact is None else str(artifact),
        "cores": None if cores is None else list(cores),
        "ticket": None if ticket is None else dict(ticket),
    }


def measure_case(arguments: dict[str, Any]) -> dict[str, Any]:
    """Exercise the skillset as the case says; samples by metric, the facts of the model, and the machine's state.

    `waited_seconds` are those that went to the turns of others.
    """
    cores = arguments["cores"]
    beside = [] if cores is None else [bind_to(cores)]
    with taking_turns(arguments["ticket"], own_cpu_seconds) as turns:
        told = _measured(arguments, _Others(cores, turns))
    if turns is not None and turns.shared > 1:  # the first time the other was preparing itself
        beside.append(f"Timed in turns of up to {TURN_SECONDS * 1e3:.0f} ms or one iteration, with its partner.")
    if turns is not None and turns.binding is not None:
        beside.append(turns.binding)
    told["notes"] += beside
    return told | {"waited_seconds": 0.0 if turns is None else turns.waited_seconds}


@dataclass(frozen=True, slots=True)
class _Others:
    """Who else is measured meanwhile: on other cores than these, or in turns."""

    cores: Sequence[int] | None
    turns: OwnTurns | None

    def watch(self) -> MachineWatch:
        turns = self.turns
        return MachineWatch(
            partial(read_ticks, self.cores),
            partners_seconds=lambda: 0.0 if turns is None else turns.others_seconds,
        )

    def is_to_pin(self, protocol: Protocol) -> bool:
        """What was asked for, unless this process is bound already, together with them."""
        return protocol.pinned and (self.turns is None or self.turns.binding is None)

    @property
    def are_side_by_side(self) -> bool:
        return self.cores is not None


def _measured(arguments: dict[str, Any], others: _Others) -> dict[str, Any]:
    case = case_from_json(arguments["case"])
    protocol = protocol_from_json(arguments["protocol"])
    path, with_facts = Path(arguments["skillset_path"]), arguments["with_facts"]
    backend = BACKENDS.get(case.backend)
    if arguments["artifact"] is not None:
        source = GraphSource(read_artifact(Path(arguments["artifact"])), case, backend.prepare)
        return _measure_graph(source, case, protocol, path, others, with_facts=with_facts)
    device, pinning = device_of(backend, case, pinned=others.is_to_pin(protocol))
    gpu = GpuWatch() if case.backend == "cuda" else None
    silent = case.backend in _SILENT_GPUS
    watch = others.watch()
    seen = WORKLOADS.get(case.workload).run(path, case, protocol, replace(device, turns=others.turns))
    machine, disturbed = with_gpu_programs(
        replace(watch.state(), is_gpu_untold=silent, is_side_by_side=others.are_side_by_side),
        gpu,
        seen.board,
        computes=case.workers is None,
    )
    counts_here = with_facts and seen.skillset is not None and not hides_operations(case)
    facts, notes = facts_of(seen.skillset, seen.inputs) if counts_here else (None, [])
    answer = seen.answer
    if seen.skillset is not None and not is_reference(case):
        answer = answer_of(seen.skillset, seen.inputs, case)
    if answer is not None:
        counts = with_facts and seen.skillset is not None and hides_operations(case)
        seen = replace(seen, skillset=None, inputs={})  # the reference takes memory of its own
        counted, told = check_against_eager(answer, import_skillset(path), case, with_facts=counts)
        facts, notes = counted or facts, [*notes, *told]
    return _told(seen, machine, facts, [*disturbed, *pinning, *notes])


def _measure_graph(
    source: GraphSource,
    case: Case,
    protocol: Protocol,
    path: Path,
    others: _Others,
    *,
    with_facts: bool,
) -> dict[str, Any]:
    """The same of an exported graph, whose answer is compared with torch's once everything is measured."""
    device, pinning = device_of(BACKENDS.get(case.backend), case, source, pinned=others.is_to_pin(protocol))
    exercise: Exercise = GraphStartup(source) if case.workload is Workload.STARTUP else WORKLOADS.get(case.workload)
    watch = others.watch()
    seen = exercise.run(path, case, protocol, replace(device, turns=others.turns))
    machine = replace(watch.state(), is_side_by_side=others.are_side_by_side)
    return _told(seen, machine, source.artifact.facts if with_facts else None, [*pinning, *source.verify()])


def with_gpu_programs(
    state: MachineState, gpu: GpuWatch | None, board: str | None, *, computes: bool
) -> tuple[MachineState, list[str]]:
    """The state with other programs on the case's own GPU, and a note where there were some or nobody can tell.

    `gpu` is None for cases that run on none. `computes` says that this process does itself: with workers it does not.
    """
    if gpu is None:
        return state, []
    try:
        others = gpu.others(board, computes=computes)
    except NvmlRefusal as refusal:
        return replace(state, is_gpu_untold=True), [f"Whether other programs used the GPU is not known: {refusal}."]
    note = f"Noisy: {counted(others, 'other program')} computed on the same GPU." if others else None
    return replace(state, other_gpu_processes=others), [] if note is None else [note]


def _told(
    seen: Observation, machine: MachineState, facts: ModelFacts | None, more_notes: Sequence[str]
) -> dict[str, Any]:
    place = [] if seen.board is None else [f"{seen.actual_device} was the board {seen.board}."]
    return {
        "actual_device": seen.actual_device,
        "measurements": samples_to_json(seen.samples),
        "facts": None if facts is None else facts_to_json(facts),
        "machine": machine_to_json(machine),
        "notes": [*seen.notes, *place, *settings_notes(os.environ), *more_notes],
        "checksum": seen.checksum,
    }
