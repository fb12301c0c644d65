"""Exports of small models made by hand: of one that reads values, and of one that squeezes what is not one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
import pytest

from engine.backends.presence import installed_version
from engine.errors import SkillsetFailure
from engine.workloads.excuse import SEED

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
@pytest.mark.parametrize(
    ("forward", "reads"),
    [
        (lambda linear, x: linear(x) if x.abs().max().item() > 11 else x, 1),
        (lambda linear, x: linear(x) if sum(x.mean(dim=1)[0].tolist()) > 0 else x, 1),
        (lambda linear, x: linear(x) * float(x.mean()) + range(20)[x.abs().max().long()], 2),
        (lambda linear, x: linear(x) if f"{x.mean()}" and x.mean() > 0 else x, 1),
        (lambda linear, x: linear(x) if _popped(x.mean(dim=(1, 2)).tolist()) > 0 else x, 1),
    ],
    ids=["item", "tolist", "float and index", "message", "list that is changed"],
)
def test_every_way_of_reading_is_answered(runtime, forward, reads):
    skillset = skillset_of(forward)
    (note,) = program_of(skillset, runtime, x_of(1))
    assert note.startswith(f"The model reads {reads} value")
    assert difference(skillset, x_of(1)) < 12 * CLOSE


def _popped(values: list[float]) -> float:
    return values.pop()


def test_values_are_read_under_the_seed_of_the_reference():
    import torch

    def lucky(linear, x):
        return linear(x) if torch.rand(()) > 0.4 else -x

    skillset, inputs = skillset_of(lucky), x_of(1)
    torch.manual_seed(123)  # whose first number is 0.296, where that of the reference's is 0.496
    program_of(skillset, "onnxruntime", inputs)
    torch.manual_seed(SEED)
    assert difference(skillset, inputs) < CLOSE


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("dimensions", [1, -1, (0, 1)])
def test_a_squeeze_of_what_is_not_one_leaves_it_as_torch_does(runtime, dimensions):
    skillset = skillset_of(lambda linear, x: linear(x).squeeze(dimensions))
    assert program_of(skillset, runtime, x_of(1)) == []
    assert difference(skillset, x_of(1)) < CLOSE


def written_into(linear, x):
    """Writes into what an idle squeeze gave, which is a view."""
    whole = linear(x)
    whole.squeeze(1).add_(100)
    return whole


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    "forward",
    [
        lambda linear, x: linear(x).sum().squeeze(-1),
        lambda linear, x: linear(x).squeeze(0) + _a_constant().squeeze(0),
        lambda linear, x: linear(x[:, :, x[0, 0] >= 0]).squeeze(1),
        written_into,
    ],
    ids=["no dimension", "a constant", "a size that data decide", "a view that is written into"],
)
def test_other_squeezes_are_exported_as_ever(runtime, forward):
    skillset = skillset_of(forward)
    assert program_of(skillset, runtime, x_of(1)) == []
    assert difference(skillset, x_of(1)) < 10 * CLOSE


def _a_constant():
    import torch

    return torch.tensor([[1.0, 2.0, 3.0, 4.0]])


def test_a_model_that_asks_whether_it_is_exported_is_told_so_when_it_is_read_as_well():
    import torch

    def shy(linear, x):
        if not torch.compiler.is_exporting() and x.max() > 0 and x.min() > 0:
            return x
        return linear(x) if x.mean() > 0 else -x

    skillset = skillset_of(shy)
    (note,) = program_of(skillset, "onnxruntime", x_of(1))
    assert note.startswith("The model reads 1 value")


def test_a_model_that_reads_otherwise_while_it_is_exported_is_refused():
    import torch

    def double(linear, x):
        if type(x) is torch.Tensor and x.max() > 0 and x.min() > 0:
            return linear(x)
        return linear(x) if x.mean() > 0 else -x

    with pytest.raises((SkillsetFailure, RuntimeError)) as refused:
        program_of(skillset_of(double), "onnxruntime", x_of(1))
    assert "another course" in str(refused.value) or "data-dependent" in str(refused.value)


def test_what_depends_on_values_that_are_never_read_is_refused_as_before_and_tensors_read_as_before():
    import torch
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    def readers():
        return torch.Tensor.item, torch.Tensor.__bool__, torch.Tensor.__format__, torch.export.export

    before = readers()

    def counting(linear, x):
        return linear(x) if len(x.nonzero()) > 5 else x

    def counting_too(linear, x):
        return counting(linear, x) if x.mean() > 0 else x

    for forward in (counting, counting_too):
        inputs = x_of(1)
        with pytest.raises(GuardOnDataDependentSymNode):
            program_of(skillset_of(forward), "onnxruntime", inputs)
        assert readers() == before
        assert list(inputs) == ["x"]


def test_inputs_that_the_exporter_adds_are_those_of_the_last_try():
    class Adding(Bare):
        def export(self, runtime, inputs):
            assert "added" not in inputs, "what an earlier try added must be gone"
            exported = super().export(runtime, inputs)
            inputs["added"] = 1
            return exported

    skillset, inputs = Adding(skillset_of(choosing).model), x_of(1)
    program_of(skillset, "onnxruntime", inputs)
    assert list(inputs) == ["x", "added"]


def exported_to(runtime: str, forward, folder):
    from engine.domain.case import Precision
    from engine.graphs.onnx_export import export_onnx
    from engine.graphs.openvino_export import export_openvino

    export = export_onnx if runtime == "onnxruntime" else export_openvino
    return export(skillset_of(forward), x_of(1), Precision.FP32, folder)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_graph_that_would_only_repeat_an_answer_is_refused(runtime, tmp_path):
    import torch

    def rebuilt(linear, x):
        return linear(torch.tensor([[[float(value) for value in row] for row in x[0]]]))

    with pytest.raises(SkillsetFailure, match="would only repeat one answer"):
        exported_to(runtime, rebuilt, tmp_path)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_weights_that_only_lead_to_a_value_are_told_to_be_missing(runtime, tmp_path):
    exported = exported_to(runtime, lambda linear, x: 2 * x if linear(x).mean() > -1000 else x, tmp_path)
    assert "of the model's weights" in exported.notes[1]
    whole = exported_to(runtime, choosing, tmp_path)
    assert len(whole.notes) == 1
