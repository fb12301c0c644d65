"""Modules whose examples disturb each other, and those of which it cannot be said."""

from __future__ import annotations

import pytest

from engine.domain.conformance import Check, CheckOutcome, Verdict
from tests.engine.conformance.conftest import Examine


def of_outputs(expression: str) -> str:
    """A module whose outputs are a dict of `logits` and `input_ids`."""
    return f"""
class Skillset(good.Skillset):
    def infer(self, inputs):
        input_ids = inputs["input_ids"]
        logits = super().infer(inputs)["outputs"]["logits"]
        return {{"outputs": {expression}}}
"""


def failed(outcome: CheckOutcome) -> str:
    assert outcome.verdict is Verdict.FAILS, outcome
    assert outcome.reason is not None
    return outcome.reason


def inapplicable(outcome: CheckOutcome) -> str:
    assert outcome.verdict is Verdict.NOT_APPLICABLE, outcome
    assert outcome.reason is not None
    return outcome.reason


def test_examples_that_are_mixed_are_found_with_the_size_of_it(examine_source: Examine):
    reason = failed(examine_source(of_outputs("{'logits': logits + 0.01 * logits.mean(0)}"))[Check.BATCH])
    assert reason.startswith("Output logits of example 1 is another in a batch than alone: they differ by 0.00")
    assert reason.endswith("is rounding.")


def test_only_the_second_example_may_be_disturbed(examine_source: Examine):
    source = of_outputs("{'logits': logits + logits[:1] * torch.arange(len(logits)).reshape(-1, 1, 1)}")
    assert failed(examine_source(source)[Check.BATCH]).startswith("Output logits of example 2 is another")


def test_rounding_is_no_difference(examine_source: Examine):
    source = of_outputs("{'logits': logits * (1 + 2e-6 * len(logits))}")
    found = examine_source(source)[Check.BATCH]
    assert found.verdict is Verdict.WORKS
    assert "largest difference " in (found.detail or "")
    assert "largest difference 0" not in (found.detail or "").replace("0.0", "")


def test_a_small_output_is_judged_by_its_own_size(examine_source: Examine):
    source = of_outputs("{'logits': logits, 'small': 0.02 * (logits + 0.01 * logits.mean(0))}")
    assert failed(examine_source(source)[Check.BATCH]).startswith("Output small of example 1")


def test_outputs_for_the_whole_batch_are_named_and_left_out(examine_source: Examine):
    source = of_outputs("{'loss': logits.mean(), 'pairs': logits[:, 0] @ logits[:, 0].T, 'logits': logits}")
    found = examine_source(source)[Check.BATCH]
    assert found.verdict is Verdict.WORKS
    assert (found.detail or "").startswith("Compared: logits; ")
    assert (found.detail or "").endswith("Without a part for each example: loss, pairs.")


def test_a_loss_repeated_for_each_example_is_left_out_as_the_mean_that_it_is(examine_source: Examine):
    """As dac does."""
    source = of_outputs("{'loss': logits.mean().repeat(len(logits)), 'logits': logits}")
    found = examine_source(source)[Check.BATCH]
    assert found.verdict is Verdict.WORKS
    assert (found.detail or "").endswith("Without a part for each example: loss.")


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ("{'loss': logits.mean()}", "Its only output, loss, is a mean over the batch."),
        ("{'loss': logits.mean().repeat(len(logits))}", "Its only output, loss, is a mean over the batch."),
        ("{'loss': logits.mean(), 'sum': logits.sum()}", "No output has a part for each example: loss, sum."),
    ],
)
def test_nothing_but_outputs_for_the_whole_batch_is_no_pass(examine_source: Examine, outputs: str, reason: str):
    assert inapplicable(examine_source(of_outputs(outputs))[Check.BATCH]) == reason


def test_examples_that_give_the_same_outputs_are_no_pass(examine_source: Examine):
    reason = inapplicable(examine_source(of_outputs("{'logits': 0 * logits}"))[Check.BATCH])
    assert reason == "Its outputs are the same for both examples: logits."


def test_examples_packed_end_to_end_are_taken_apart(examine_source: Examine):
    packed = """
class Skillset(good.Skillset):
    def example_inputs(self, batch_size=1):
        ids = super().example_inputs(batch_size)["input_ids"]
        return {
            "packed": ids.reshape(-1),
            "axes": torch.arange(8).expand(3, batch_size, 8),
            "names": ["first", "second"][:batch_size],
            "shared": torch.ones(3),
            "is_fast": True,
        }
    def infer(self, inputs):
        ids = inputs["packed"].reshape(-1, 8)
        assert inputs["axes"].shape[1] == len(inputs["names"]) == len(ids)
        assert inputs["shared"].shape == (3,) and inputs["is_fast"] is True
        logits = super().infer({"input_ids": ids})["outputs"]["logits"]
        return {"outputs": {"logits": (logits + MIX * logits.mean(0)).reshape(-1, 64)}}
"""
    assert examine_source(packed.replace("MIX", "0"))[Check.BATCH].verdict is Verdict.WORKS


PLACES = """
class Skillset(good.Skillset):
    def example_inputs(self, batch_size=1):
        places = torch.arange(batch_size * 8).reshape(batch_size * 4, 2)
        return {**super().example_inputs(batch_size), "places": PLACES}
    def infer(self, inputs):
        logits = self.model(input_ids=inputs["input_ids"]).logits.detach()
        return {"outputs": {"logits": logits.flatten(0, 1)[inputs["places"]].mean(1)}}
"""


@pytest.mark.parametrize(
    ("places", "verdict"), [("places", Verdict.WORKS), ("(places[:4].repeat(batch_size, 1))", Verdict.FAILS)]
)
def test_places_that_count_over_the_whole_batch_begin_anew_alone(
    examine_source: Examine, places: str, verdict: Verdict
):
    """As those of molmo2: places of the first example alone, given for both, are what the check has to find."""
    assert examine_source(PLACES.replace("PLACES", places))[Check.BATCH].verdict is verdict


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            "torch.arange(batch_size * batch_size)",
            "Input extra cannot be cut into examples: it has the shape (1,) for one example and (4,) for 2.",
        ),
        ("torch.full((3,), batch_size)", "it has the shape (3,) for one example and (3,) for 2."),
        ("batch_size", "Input extra cannot be cut into examples: it is another int for each."),
    ],
)
def test_an_input_that_cannot_be_taken_apart_is_named(examine_source: Examine, made: str, reason: str):
    source = f"""
class Skillset(good.Skillset):
    def example_inputs(self, batch_size=1):
        return {{**super().example_inputs(batch_size), "extra": {made}}}
"""
    assert inapplicable(examine_source(source)[Check.BATCH]).endswith(reason)


def test_experts_with_few_places_mix_examples_by_design(examine_source: Examine):
    source = """
def a_model():
    model = good.a_model()
    model.config.expert_capacity = 4
    return model
"""
    assert "experts take a limited number of tokens" in inapplicable(examine_source(source)[Check.BATCH])


def test_statistics_of_the_batch_mix_examples_by_design(examine_source: Examine):
    source = """
def a_model():
    model = good.a_model()
    model.norm = torch.nn.BatchNorm1d(64, track_running_stats=False)
    return model
"""
    assert inapplicable(examine_source(source)[Check.BATCH]).startswith("It normalises over the batch")


def test_whole_numbers_have_to_be_equal_but_for_ties(examine_source: Examine):
    ties = of_outputs("{'ids': torch.cat([input_ids, input_ids], 1).repeat(1, 20) + tie(input_ids), 'logits': logits}")
    tie = "def tie(ids):\n    extra = torch.zeros(len(ids), 320, dtype=torch.long)\n"
    one = f"{tie}    extra[:, 0] = len(ids) == 2\n    return extra\n"
    many = f"{tie}    extra[:, :9] = len(ids) == 2\n    return extra\n"
    assert examine_source(one + ties)[Check.BATCH].verdict is Verdict.WORKS
    reason = failed(examine_source(many + ties)[Check.BATCH])
    assert reason == ("Output ids of example 1 is another in a batch than alone: 9 of 320 whole numbers differ.")


def test_whole_numbers_alone_have_to_be_equal_to_the_last(examine_source: Examine):
    """Without real numbers that could have decided on it, not even one in a hundred is a tie."""
    one = "torch.full((len(input_ids), 1), len(input_ids))"
    source = of_outputs(f"{{'ids': torch.cat([input_ids.repeat(1, 40), {one}], 1)}}")
    reason = failed(examine_source(source)[Check.BATCH])
    assert reason == "Output ids of example 1 is another in a batch than alone: 1 of 321 whole numbers differ."


NEARLY_EQUAL = """
class Skillset(good.Skillset):
    def infer(self, inputs):
        with torch.inference_mode():
            logits = self.model(input_ids=inputs["input_ids"]).logits
        noise = torch.finfo(logits.dtype).eps * torch.arange(64) * len(logits) * 4 % 1e-5
        return {"outputs": {"best": (LEAK + logits * 1e-9 + noise).argmax(-1).float(), "logits": logits}}
"""


@pytest.mark.parametrize(
    ("leak", "verdict"), [("0", Verdict.WORKS), ("len(logits) * torch.arange(64) % 7", Verdict.FAILS)]
)
def test_what_rounding_chooses_is_judged_with_twice_the_digits(examine_source: Examine, leak: str, verdict: Verdict):
    """As in efficientloftr, whose untrained scores are all but equal; a leak is there in any precision."""
    found = examine_source(NEARLY_EQUAL.replace("LEAK", leak))[Check.BATCH]
    assert found.verdict is verdict
    assert ("In fp64" in (found.detail or "")) == (verdict is Verdict.WORKS)


def test_the_tiniest_output_is_judged_too(examine_source: Examine):
    source = of_outputs("{'logits': 1e-20 * (logits + MIX * logits.mean(0))}")
    assert examine_source(source.replace("MIX", "0"))[Check.BATCH].verdict is Verdict.WORKS
    assert failed(examine_source(source.replace("MIX", "0.01"))[Check.BATCH]).startswith("Output logits of example 1")


def test_examples_that_take_turns_are_taken_apart(examine_source: Examine):
    turns = of_outputs("{'frames': (logits + MIX * logits.mean(0)).transpose(0, 1).reshape(-1, 64)}")
    assert examine_source(turns.replace("MIX", "0"))[Check.BATCH].verdict is Verdict.WORKS
    failed(examine_source(turns.replace("MIX", "0.01"))[Check.BATCH])
