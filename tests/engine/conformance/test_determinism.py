"""Modules that do not do the same twice."""

from __future__ import annotations

import pytest

from engine.domain.conformance import Check, Verdict
from tests.engine.conformance.conftest import Examine

OTHER_WEIGHTS = """
def a_model():
    model = good.a_model()
    with torch.no_grad():
        model.transformer.h[1].mlp.c_fc.bias[3] += int.from_bytes(os.urandom(4)) / 2**32
    return model
"""
OTHER_INPUTS = """
class Skillset(good.Skillset):
    def example_inputs(self, batch_size=1):
        return {"input_ids": torch.tensor([[*os.urandom(8)]] * batch_size) % 60 + 3}
"""
OTHER_EACH_TIME = """
class Skillset(good.Skillset):
    passes = 0
    def infer(self, inputs):
        self.passes += 1
        return {"outputs": {"logits": super().infer(inputs)["outputs"]["logits"] + self.passes / 8}}
"""
OTHER_EACH_BUILD = """
class Skillset(good.Skillset):
    def __init__(self, model, precision):
        super().__init__(model, precision)
        self.shift = int.from_bytes(os.urandom(4)) / 2**32
    def infer(self, inputs):
        return {"outputs": {"logits": super().infer(inputs)["outputs"]["logits"] + self.shift}}
"""
OTHER_SIGN_OF_ZERO = """
made = []
class Skillset(good.Skillset):
    def infer(self, inputs):
        made.append(self)
        logits = super().infer(inputs)["outputs"]["logits"].clone()
        logits[0, 0, 0] = 0.0 if len(made) == 1 else -0.0
        return {"outputs": {"logits": logits}}
"""


@pytest.mark.parametrize(
    ("source", "begins"),
    [
        (
            OTHER_WEIGHTS,
            "Built again from the same seed, weight transformer.h.1.mlp.c_fc.bias differs by up to 0.",
        ),
        (OTHER_INPUTS, "Asked for again, input input_ids differs by up to "),
        (OTHER_EACH_TIME, "In a second pass of the same model output logits differs by up to 0."),
        (OTHER_EACH_BUILD, "Built again from the same seed, with the same weights, output logits differs by up to 0."),
    ],
)
def test_the_cause_of_another_answer_is_named(examine_source: Examine, source: str, begins: str):
    outcomes = examine_source(source)
    found = outcomes[Check.DETERMINISTIC]
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith(begins)
    assert outcomes[Check.BATCH].verdict is outcomes[Check.ROUND_TRIP].verdict is Verdict.NOT_TRIED
    assert outcomes[Check.COST].verdict is Verdict.WORKS


def test_one_bit_is_a_difference(examine_source: Examine):
    found = examine_source(OTHER_SIGN_OF_ZERO)[Check.DETERMINISTIC]
    assert (found.verdict, found.reason) == (
        Verdict.FAILS,
        "In a second pass of the same model output logits differs by up to 0.",
    )


def test_random_numbers_of_a_seed_are_the_same_numbers(examine_source: Examine):
    outcomes = examine_source("""
class Skillset(good.Skillset):
    def infer(self, inputs):
        return {"outputs": {"logits": super().infer(inputs)["outputs"]["logits"] + torch.rand(64)}}
""")
    assert outcomes[Check.DETERMINISTIC].verdict is Verdict.WORKS
    assert outcomes[Check.ROUND_TRIP].verdict is Verdict.WORKS
    assert outcomes[Check.BATCH].verdict is Verdict.NOT_APPLICABLE
    assert (
        outcomes[Check.BATCH].reason == "A forward pass draws random numbers, which are others in a batch than alone."
    )


def test_a_model_that_writes_into_its_inputs_is_not_misjudged(examine_source: Examine):
    outcomes = examine_source("""
class Skillset(good.Skillset):
    def infer(self, inputs):
        answer = super().infer(inputs)
        inputs["input_ids"].zero_()
        return answer
""")
    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.WORKS}
