"""Facts of a case without measuring it; called inside a child process, where torch may be imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.benchmarking import codec
from engine.workloads.model_facts import count_on
from engine.workloads.skillset_module import import_module, inputs_of


def count_facts(arguments: dict[str, Any]) -> dict[str, Any]:
    """{"facts": of `arguments["case"]` built from the module at `skillset_path`, "note": what could not be counted}.

    Built on torch's meta device: shapes without numbers, so that a model of any size is counted in no memory.
    """
    case = codec.case_from_json(arguments["case"])
    module = import_module(Path(arguments["skillset_path"]))
    skillset = module.load(size=case.size.value, device="meta", precision=case.precision.value)
    facts, note = count_on(skillset, inputs_of(skillset, case))
    return {"facts": codec.facts_to_json(facts), "note": note}
