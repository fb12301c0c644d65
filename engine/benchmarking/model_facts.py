"""Parameters, bytes and operations of a built model: true on any machine; counted inside a child process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.benchmarking.codec import case_from_json, facts_to_json
from engine.domain.model import ModelFacts
from engine.workloads.activations import activation_watch
from engine.workloads.operations import Uncountable, count_operations
from engine.workloads.skillset_module import import_skillset, inputs_of

_META = "meta"
"""torch's device of shapes without numbers: building even a large model costs no memory."""


def count_facts(arguments: dict[str, Any]) -> dict[str, Any]:
    """Facts of `arguments["case"]` by the skillset at `arguments["skillset_path"]`, on the meta device.

    Returns `facts` as a dict and `notes`. Where a model cannot run without numbers its operations stay unknown
    (None) and a note says why.
    """
    case = case_from_json(arguments["case"])
    module = import_skillset(Path(arguments["skillset_path"]))
    skillset = module.load(size=case.size, device=_META, precision=case.precision.value)
    inputs = inputs_of(skillset, case)
    facts, notes = facts_of(skillset, _without_numbers(inputs))
    facts = replace(facts, input_bytes=sum(value.nbytes for value in _tensors(inputs)))
    return {"facts": facts_to_json(facts), "notes": notes}


def facts_of(skillset: Any, inputs: Mapping[str, Any]) -> tuple[ModelFacts, list[str]]:
    """Facts of a loaded skillset at these inputs, and what could not be counted."""
    parameters = list(skillset.model.parameters())
    watch = activation_watch([*parameters, *skillset.model.buffers(), *_tensors(inputs)])
    flops, activation_bytes, notes = None, None, []
    try:
        with watch:
            flops = count_operations(skillset, inputs)
        activation_bytes = watch.peak_bytes
    except Uncountable as reason:
        notes = [f"Operations could not be counted. {reason}"]
    facts = ModelFacts(
        parameters=sum(parameter.numel() for parameter in parameters),
        parameter_bytes=sum(parameter.nbytes for parameter in parameters),
        flops=flops,
        input_bytes=sum(value.nbytes for value in _tensors(inputs)),
        activation_bytes=activation_bytes,
    )
    return facts, notes


def _without_numbers(inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs on the meta device. A mask of ones is left out: models look at its values, and it changes no operation."""
    return {
        name: value.to(_META) if hasattr(value, "to") else value
        for name, value in inputs.items()
        if not name.endswith("attention_mask")
    }


def _tensors(inputs: Mapping[str, Any]) -> list[Any]:
    return [value for value in inputs.values() if hasattr(value, "untyped_storage")]
