"""Runs in a child process: what generated modules say to unknown inputs and damaged checkpoints."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.workloads.skillset_module import import_skillset


def refusals(arguments: dict[str, Any]) -> dict[str, Any]:
    """For the module at `arguments["path"]`: the words of each refusal, None where there was none."""
    from safetensors.torch import load_file, save_file

    module = import_skillset(Path(arguments["path"]))
    skillset = module.load("tiny")
    inputs = skillset.example_inputs()
    found = {name: _said(lambda name=name: skillset.infer({**inputs, name: False})) for name in arguments["names"]}
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / "damaged"
        skillset.model.save_pretrained(folder)
        weights = next(folder.rglob("*.safetensors"))
        tensors = load_file(weights)
        lost = max(tensors, key=lambda name: tensors[name].nbytes)
        kept = {name: value.clone() for name, value in tensors.items() if name != lost}
        save_file(kept, weights, metadata={"format": "pt"})
        found["lacking"] = _said(lambda: module.load(checkpoint=str(folder)))
        weights.write_bytes(b"noise" * 100)
        found["noise"] = _said(lambda: module.load(checkpoint=str(folder)))
    return found


def _said(act: Callable[[], Any]) -> str | None:
    try:
        act()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None
