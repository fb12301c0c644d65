"""Modules that keep their word, so that a verdict of failure means something."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.conformance.checks import AT_LOWER_PRECISION
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from tests.engine.conformance.conftest import Examine, Outcomes


def verdicts(outcomes: Outcomes) -> dict[str, str]:
    """What is not plainly good."""
    return {check: outcome.verdict for check, outcome in outcomes.items() if outcome.verdict is not Verdict.WORKS}


@pytest.mark.parametrize(("name", "generates"), [("bert", False), ("gpt2", True), ("t5", True), ("vit", False)])
def test_a_generated_module_passes_every_check(
    examine: Examine, real_modules: dict[str, Path], name: str, generates: bool
):
    outcomes = examine(real_modules[name], generates=generates)
    assert verdicts(outcomes) == ({} if generates else {"generate": "not_applicable"})
    assert all(outcome.seconds is not None for outcome in outcomes.values())


def test_the_good_module_passes_every_check(examine_source: Examine):
    assert verdicts(examine_source("", generates=True)) == {}


def test_what_was_not_compared_is_told(examine: Examine, real_modules: dict[str, Path]):
    detail = examine(real_modules["clip"])[Check.BATCH].detail
    assert detail is not None
    assert "Compared: text_embeds, image_embeds" in detail
    assert "Without a part for each example: logits_per_image, logits_per_text." in detail


def test_a_lower_precision_is_asked_whether_it_runs_soundly(examine: Examine, real_modules: dict[str, Path]):
    outcomes = examine(real_modules["bert"], precision=Precision.BF16, checks=AT_LOWER_PRECISION)
    assert {check for check, outcome in outcomes.items() if outcome.verdict is Verdict.WORKS} == set(AT_LOWER_PRECISION)
    assert outcomes[Check.BATCH].verdict is Verdict.NOT_TRIED
    assert outcomes[Check.BATCH].reason == "Nobody asked for it."


def test_a_check_brings_those_that_it_needs(examine_source: Examine):
    outcomes = examine_source("", checks=[Check.FINITE])
    tried = [check for check, outcome in outcomes.items() if outcome.verdict is Verdict.WORKS]
    assert tried == [Check.IMPORT, Check.CONSTRUCT, Check.FORWARD, Check.FINITE]


def test_a_pass_without_one_of_the_modalities_is_partial(examine_source: Examine):
    outcomes = examine_source("", missing=("image", "audio"))
    assert outcomes[Check.FORWARD].verdict is Verdict.PARTIAL
    assert outcomes[Check.FORWARD].reason == "It was run without image and audio, which the model takes too."
    assert outcomes[Check.DETERMINISTIC].verdict is Verdict.WORKS


def test_minus_infinity_is_how_models_mask(examine_source: Examine):
    outcomes = examine_source("""
class Skillset(good.Skillset):
    def infer(self, inputs):
        logits = super().infer(inputs)["outputs"]["logits"]
        return {"outputs": {"logits": logits.index_fill(2, torch.tensor([0]), float("-inf"))}}
""")
    assert verdicts(outcomes) == {}
