"""Runs a generated module in earnest; called inside a child process, where torch may be imported."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from engine.workloads.outputs import fault_of
from engine.workloads.skillset_module import import_skillset

_BATCH_SIZE = 2


def verify(arguments: dict[str, Any]) -> dict[str, Any]:
    """Import the module at `arguments["path"]`, build it tiny, infer a batch, generate or make images where it can.

    Returns `ok`, the `reason` when outputs are empty or not finite, the shape of each output, the device and the
    seconds it took. Whatever the module raises passes through.
    """
    started = time.perf_counter()
    module = import_skillset(Path(arguments["path"]))
    skillset = module.load(size="tiny", device="cpu", precision="fp32")
    inputs = skillset.example_inputs(batch_size=_BATCH_SIZE)
    answer = skillset.infer(inputs)
    outputs: dict[str, Any] = answer["outputs"]
    reason = fault_of(outputs, _BATCH_SIZE)
    if reason is None and hasattr(skillset, "generate"):
        generated = skillset.generate(inputs, max_new_tokens=2)["outputs"]
        outputs = {**outputs, **generated}
        reason = fault_of(generated, _BATCH_SIZE)
    if reason is None and hasattr(skillset, "denoise"):
        made = skillset.denoise(inputs, steps=2)["outputs"]
        outputs = {**outputs, **made}
        reason = fault_of(made, _BATCH_SIZE)
    return {
        "ok": reason is None,
        "reason": reason,
        "outputs": {name: list(value.shape) for name, value in outputs.items()},
        "device": answer["device"],
        "checksum": module.describe()["checksum"],
        "seconds": time.perf_counter() - started,
    }
