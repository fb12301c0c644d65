"""Parameters, bytes and operations of a built model: true on any machine; counted inside a child process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.benchmarking.codec import case_from_json, facts_to_json
from engine.domain.case import Case
from engine.domain.model import ModelFacts
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
    skillset = module.load(size=case.size.value, device=_META, precision=case.precision.value)
    facts, notes = facts_of(skillset, _meta_inputs(skillset, case))
    return {"facts": facts_to_json(facts), "notes": notes}


def _meta_inputs(skillset: Any, case: Case) -> dict[str, Any]:
    import torch

    inputs = inputs_of(skillset, case)
    return {name: value.to(_META) if isinstance(value, torch.Tensor) else value for name, value in inputs.items()}


def facts_of(skillset: Any, inputs: dict[str, Any]) -> tuple[ModelFacts, list[str]]:
    """Facts of a loaded skillset at these inputs, and what could not be counted."""
    flops, notes = _flops(skillset, inputs)
    parameters = list(skillset.model.parameters())
    facts = ModelFacts(
        parameters=sum(parameter.numel() for parameter in parameters),
        parameter_bytes=sum(parameter.nbytes for parameter in parameters),
        flops=flops,
        input_bytes=sum(value.nbytes for value in inputs.values() if hasattr(value, "nbytes")),
    )
    return facts, notes


def _flops(skillset: Any, inputs: dict[str, Any]) -> tuple[int | None, list[str]]:
    from torch.utils.flop_counter import FlopCounterMode

    try:
        with FlopCounterMode(display=False) as counter:
            skillset.infer(inputs)
    except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        return None, [f"Operations could not be counted: {type(error).__name__}: {first_line}"]
    total = int(counter.get_total_flops())
    return (total, []) if total > 0 else (None, ["No countable operation was seen."])
