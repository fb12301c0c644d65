"""Export one case's model as a graph; called in a process of its own, so that none of it is in the measuring one."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.backends import BACKENDS
from engine.benchmarking.codec import case_from_json, case_to_json
from engine.benchmarking.model_facts import facts_of
from engine.domain.case import Case, Precision
from engine.errors import BackendUnavailable
from engine.graphs.artifact import write_artifact
from engine.graphs.export import export_graph, leaf_arrays
from engine.graphs.limits import refusal_of
from engine.workloads.excuse import SEED, excuse_of
from engine.workloads.outputs import check_outputs
from engine.workloads.skillset_module import checksum_of, import_skillset, inputs_and_origin, load_skillset

_TORCH = "cpu"
"""The backend that answers first: what it says is the reference."""


def export_arguments(case: Case, skillset_path: str, folder: Path) -> dict[str, Any]:
    """What `export_case` is called with."""
    return {"skillset_path": skillset_path, "case": case_to_json(case), "folder": str(folder)}


def export_case(arguments: dict[str, Any]) -> dict[str, Any]:
    """Write the graph, its inputs and torch's eager answer in fp32 into `arguments["folder"]`; how long it took.

    Raises BackendUnavailable where no graph can be made for the case, WrongOutput where torch's answer is none, and
    what the model and the exporter raise.
    """
    case = case_from_json(arguments["case"])
    folder = Path(arguments["folder"])
    if (refusal := refusal_of(case)) is not None:
        raise BackendUnavailable(refusal, field="workloads")
    BACKENDS.get(case.backend).prepare(case.threads)  # where it cannot run, nothing need be exported
    started = time.perf_counter()
    BACKENDS.get(_TORCH).prepare(case.threads)
    import torch

    module = import_skillset(Path(arguments["skillset_path"]))
    skillset = load_skillset(module, replace(case, backend=_TORCH, precision=Precision.FP32), _TORCH)
    inputs, origin = inputs_and_origin(skillset, case)
    torch.manual_seed(SEED)
    outputs = skillset.infer(inputs)["outputs"]
    check_outputs(outputs, case.batch_size)
    reference = leaf_arrays(outputs)
    facts, fact_notes = facts_of(skillset, inputs)
    given = dict(inputs)
    exported = export_graph(skillset, given, case, folder)
    notes = [*origin, *exported.notes, *fact_notes]

    def answer() -> dict[str, Any]:
        return leaf_arrays(skillset.infer(inputs)["outputs"])

    if made := [name for name in given if name not in inputs]:
        notes.append(f"The exporter computed {', '.join(made)} from the inputs beforehand: no pass of the graph does.")
    write_artifact(
        folder,
        graph=exported.graph,
        facts=facts if case.precision is Precision.FP32 else replace(facts, parameter_bytes=exported.weight_bytes),
        checksum=checksum_of(module),
        notes=tuple(notes),
        excuse=excuse_of(skillset.model, answer, reference, case.precision),
        inputs=leaf_arrays(given),
        reference=reference,
    )
    return {"seconds": time.perf_counter() - started}
