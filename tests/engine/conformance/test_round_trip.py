"""Models that are not what was saved."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from engine.domain.conformance import Check, Verdict
from tests.engine.conformance.conftest import Examine

LOSES_A_WEIGHT = """
LOST = "transformer.h.0.mlp.c_fc.weight"
class Forgetful(GPT2LMHeadModel):
    def save_pretrained(self, folder, **how):
        kept = {name: value for name, value in self.state_dict().items() if name != LOST}
        super().save_pretrained(folder, state_dict=kept, **how)
def a_model(): return good.a_model(Forgetful)
"""
RENAMES_NOTHING = """
class Other(GPT2LMHeadModel):
    def __init__(self, config):
        super().__init__(config)
        if config.bos_token_id == 0:
            self.extra = torch.nn.Linear(2, 2)
        config.bos_token_id = 1
def a_model(): return good.a_model(Other)
"""
FORGETS_A_SETTING = """
def a_model():
    model = good.a_model()
    model.lm_head.register_forward_hook(lambda module, inputs, output: output * 2)
    return model
"""
FORGETS_A_BUFFER = """
class Scaled(GPT2LMHeadModel):
    def __init__(self, config):
        super().__init__(config)
        self.register_buffer("scale", torch.ones(1), persistent=False)
    def forward(self, *args, **kwargs):
        output = super().forward(*args, **kwargs)
        output.logits = output.logits * self.scale
        return output
def a_model():
    model = good.a_model(Scaled)
    model.scale += 1
    return model
"""


@pytest.mark.parametrize(
    ("source", "begins"),
    [
        (LOSES_A_WEIGHT, "After saving and reading, weight transformer.h.0.mlp.c_fc.weight differs by up to 0."),
        (RENAMES_NOTHING, "After saving and reading, weight extra.weight is missing."),
        (FORGETS_A_SETTING, "After saving and reading, the weights are the same, but output logits differs by up to "),
        (FORGETS_A_BUFFER, "After saving and reading, buffer scale differs by up to "),
    ],
)
def test_what_did_not_come_back_is_named(examine_source: Examine, source: str, begins: str):
    outcomes = examine_source(source)
    assert outcomes[Check.DETERMINISTIC].verdict is Verdict.WORKS
    found = outcomes[Check.ROUND_TRIP]
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith(begins)


def test_a_model_that_cannot_be_saved_is_not_asked_to(examine_source: Examine):
    found = examine_source("""
class Plain(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.inner = model
        self.config = model.config
    def forward(self, input_ids): return self.inner(input_ids=input_ids)
def a_model(): return Plain(good.a_model())
""")[Check.ROUND_TRIP]
    assert (found.verdict, found.reason) == (Verdict.NOT_APPLICABLE, "Plain has no save_pretrained().")


def test_an_error_while_saving_leaves_no_file(examine_source: Examine):
    """The fixture looks into the folder."""
    found = examine_source("""
class Broken(GPT2LMHeadModel):
    def save_pretrained(self, folder, **how):
        super().save_pretrained(folder, **how)
        raise OSError("No space left on device")
def a_model(): return good.a_model(Broken)
""")[Check.ROUND_TRIP]
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("OSError: No space left on device (hf_broken.py:")


def test_weights_are_not_judged_by_where_they_lie_in_memory(examine_source: Examine):
    """They are read from a mapped file, where they lie at odd addresses, and kernels round otherwise there."""
    found = examine_source("""
class Odd(GPT2LMHeadModel):
    def __init__(self, config):
        super().__init__(config)
        self.a = torch.nn.Parameter(torch.ones(3))
def a_model(): return good.a_model(Odd)
class Skillset(good.Skillset):
    def infer(self, inputs):
        odd = sum(weight.data_ptr() % 64 for weight in self.model.parameters())
        return {"outputs": {"logits": super().infer(inputs)["outputs"]["logits"] + odd}}
""")[Check.ROUND_TRIP]
    assert (found.verdict, found.reason) == (Verdict.WORKS, None)


@pytest.mark.skipif(find_spec("accelerate") is not None, reason="accelerate is installed, so diffusers reads all")
def test_what_diffusers_reads_with_another_package_alone_is_not_the_models_fault(examine_source: Examine):
    """As wan, which keeps some layers in fp32."""
    source = """
class Wan(GPT2LMHeadModel):
    _keep_in_fp32_modules = ["norm"]
Wan.__module__ = "diffusers.models.wan"
def a_model(): return good.a_model(Wan)
"""
    outcome = examine_source(source)[Check.ROUND_TRIP]
    assert outcome.verdict is Verdict.UNAVAILABLE
    assert outcome.reason == "diffusers reads Wan with accelerate alone: pip install accelerate."
