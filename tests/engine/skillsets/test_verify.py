"""Verification must find fault where there is one; small modules with a fault each stand in for generated ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[3]

_MODULE = """
import torch


def describe():
    return {{"checksum": "c"}}


class Skillset:
    def example_inputs(self, batch_size=1):
        return {{"x": torch.ones(batch_size, 3)}}

    def infer(self, inputs):
        return {{"outputs": {outputs}, "device": "cpu"}}


def load(size, device, precision):
    return Skillset()
"""

_PROGRAM = """
import json, sys
from engine.skillsets.verify import verify
for path in sys.argv[1:]:
    try:
        print(json.dumps(verify({"path": path})))
    except Exception as error:
        print(json.dumps({"raised": repr(error)}))
"""

_FAULTS = {
    "good": ('{"y": inputs["x"]}', None),
    "not_finite": ('{"y": inputs["x"] / 0}', "Output y has 6 of 6 values that are not finite."),
    "nothing": ("{}", "The forward pass returned no outputs."),
    "empty": ('{"y": inputs["x"][:, :0]}', "Every output is empty."),
    "lost_rows": ('{"y": inputs["x"][:1]}', "No output has rows for a batch of 2: y [1, 3]."),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    folder = Path(tmp_path_factory.mktemp("faulty"))
    paths = {name: folder / f"{name}.py" for name in [*_FAULTS, "raises"]}
    for name, (outputs, _) in _FAULTS.items():
        paths[name].write_text(_MODULE.format(outputs=outputs))
    paths["raises"].write_text(_MODULE.format(outputs='{"y": inputs["absent"]}'))
    command = [sys.executable, "-c", _PROGRAM, *map(str, paths.values())]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=True)
    return dict(zip(paths, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", list(_FAULTS))
def test_the_fault_is_named(name: str, verdicts: dict[str, dict[str, object]]):
    reason = _FAULTS[name][1]
    assert (verdicts[name]["ok"], verdicts[name]["reason"]) == (reason is None, reason)


def test_what_the_module_raises_passes_through(verdicts: dict[str, dict[str, object]]):
    assert verdicts["raises"] == {"raised": "KeyError('absent')"}
