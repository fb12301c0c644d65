"""Which models may answer otherwise without being wrong: two of one layer, and one that draws numbers."""

from __future__ import annotations

from typing import Any

import pytest

from engine.domain.case import Precision

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers.exporters", reason="transformers has no exporters")

from engine.graphs.excuse import excuse_of  # noqa: E402
from engine.graphs.export import leaf_arrays  # noqa: E402

INPUTS: dict[str, Any] = {"x": torch.ones(2, 64)}


class Layer:
    """A skillset of one linear layer, and what is made of its answer."""

    def __init__(self, made_of: Any) -> None:
        torch.manual_seed(0)
        self.model = torch.nn.Linear(64, 64)
        self._made_of = made_of

    def infer(self, inputs: dict[str, Any]) -> dict[str, Any]:
        with torch.inference_mode():
            return {"outputs": {"y": self._made_of(self.model(inputs["x"]))}}


def excuse(made_of: Any, precision: Precision) -> str | None:
    skillset = Layer(made_of)
    return excuse_of(skillset, INPUTS, leaf_arrays(skillset.infer(INPUTS)["outputs"]), precision)


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8, Precision.INT4])
def test_an_ordinary_model_has_none(precision):
    assert excuse(lambda y: y, precision) is None


def test_a_model_that_draws_numbers_has_one():
    assert "draws random numbers" in str(excuse(torch.rand_like, Precision.FP32))


def test_a_model_whose_answer_hangs_on_a_rounding_has_one():
    chaos = excuse(lambda y: torch.sin(y * 1e6), Precision.FP32)
    assert chaos == "torch gives another answer itself once its weights are rounded as fp32 rounds."
