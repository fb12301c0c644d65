"""Exports of small models made by hand: of one that reads values, and of one that squeezes what is not one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
import pytest

from engine.backends.presence import installed_version
from engine.errors import SkillsetFailure

pytestmark = [
    pytest.mark.skipif(installed_version(name) is None, reason=f"{name} is not installed")
    for name in ("torch", "onnxruntime", "onnxscript", "openvino")
]
CLOSE = 0.05
"""Of answers up to 12: OpenVINO computes in bf16 where a processor can, unless it is told otherwise."""
RUNTIMES = {"onnxruntime": "Onnx", "openvino": "OpenVINO"}


@dataclass
class Bare:
    """As much of a skillset as an export needs."""

    model: Any

    def export(self, runtime: str, inputs: dict[str, Any]) -> Any:
        from transformers import exporters

        exporter, config = (getattr(exporters, RUNTIMES[runtime] + part)() for part in ("Exporter", "Config"))
        self.exported = exporter.export(self.model, inputs, config)
        return self.exported


def skillset_of(forward) -> Bare:
    """A model whose forward pass is that function of its linear layer and x."""
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel

    class Small(PreTrainedModel):
        config_class = PreTrainedConfig

        def __init__(self) -> None:
            super().__init__(PreTrainedConfig())
            self.linear = torch.nn.Linear(4, 4)

        def forward(self, x):
            return {"y": forward(self.linear, x)}

    torch.manual_seed(0)
    return Bare(Small().eval())


def x_of(sign: int):
    import torch

    return {"x": sign * torch.arange(1.0, 13.0).reshape(1, 3, 4)}


def program_of(skillset: Bare, runtime: str, inputs) -> list[str]:
    from engine.graphs.program import exported_program

    return exported_program(skillset, runtime, inputs)[1]


def difference(skillset: Bare, inputs) -> float:
    """Between what the exported graph answers and what torch does."""
    import torch

    with torch.no_grad():
        wanted = skillset.model(**inputs)["y"]
    found = skillset.exported(**inputs)["y"]
    return (
        float(numpy.abs(numpy.asarray(found) - wanted.numpy()).max()) if found.shape == wanted.shape else float("inf")
    )


def choosing(linear, x):
    """Asks one value, then takes a length from another."""
    y = linear(x) if x.mean() > 0 else -x
    return y[:, : int(x.abs().max()) - 10]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_model_that_reads_values_takes_the_course_of_its_inputs_and_the_note_says_so(runtime):
    skillset = skillset_of(choosing)
    notes = program_of(skillset, runtime, x_of(1))
    assert [note.partition(" as it computes")[0] for note in notes] == ["The model reads 2 values"]
    assert skillset.exported(**x_of(1))["y"].shape == (1, 2, 4)
    assert difference(skillset, x_of(1)) < CLOSE
    assert difference(skillset, x_of(-1)) > 1  # the other course: the note is true


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_nothing_is_said_of_a_model_that_reads_none(runtime):
    skillset = skillset_of(lambda linear, x: linear(x))
    assert program_of(skillset, runtime, x_of(1)) == []
    assert difference(skillset, x_of(-1)) < CLOSE


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("dimensions", [1, -1, (0, 1)])
def test_a_squeeze_of_what_is_not_one_leaves_it_as_torch_does(runtime, dimensions):
    skillset = skillset_of(lambda linear, x: linear(x).squeeze(dimensions))
    assert program_of(skillset, runtime, x_of(1)) == []
    assert difference(skillset, x_of(1)) < CLOSE


def test_a_model_that_reads_otherwise_while_it_is_exported_is_refused():
    import torch

    def shy(linear, x):
        if not torch.compiler.is_exporting() and x.max() > 0 and x.min() > 0:
            return linear(x)
        return linear(x) if x.mean() > 0 else -x

    with pytest.raises(SkillsetFailure, match="another course"):
        program_of(skillset_of(shy), "onnxruntime", x_of(1))


def test_what_depends_on_values_that_are_never_read_is_refused_as_before_and_tensors_read_as_before():
    import torch
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    before = torch.Tensor.item, torch.Tensor.__bool__, torch.export.export

    def counting(linear, x):
        return linear(x) if len(x.nonzero()) > 5 else x

    inputs = x_of(1)
    with pytest.raises(GuardOnDataDependentSymNode):
        program_of(skillset_of(counting), "onnxruntime", inputs)
    assert (torch.Tensor.item, torch.Tensor.__bool__, torch.export.export) == before
    assert list(inputs) == ["x"]
