"""Modules whose generate() miscounts, and what is no miscount."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain.conformance import Check, CheckOutcome, Verdict
from engine.skillsets.write import write_shared
from tests.engine.conformance.conftest import Examine


def of_tokens(expression: str) -> str:
    """A module whose generate() returns `expression` of `tokens`, `asked` and `prompt` tokens."""
    return f"""
class Skillset(good.Skillset):
    def generate(self, inputs, max_new_tokens=16):
        tokens = super().generate(inputs, max_new_tokens=max_new_tokens)["outputs"]["tokens"]
        asked, prompt = max_new_tokens, inputs["input_ids"].shape[1]
        return {{'outputs': {{'tokens': {expression}}}}}
"""


def found(examine_source: Examine, source: str) -> CheckOutcome:
    return examine_source(source, generates=True, checks=[Check.GENERATE])[Check.GENERATE]


CHANGED = """

class Skillset(Skillset):
    def generate(self, inputs, max_new_tokens=16):
        tokens = super().generate(inputs, max_new_tokens=max_new_tokens)["outputs"]["tokens"]
        return {{"outputs": {{"tokens": {change}}}}}
"""

SHAPES = "generate() returned shape (2, {}) when asked for 1 token and (2, {}) for 4"
UNEXPLAINED = ", and what stands before these is neither the prompt nor a start token."


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("tokens[:, :-1] if asked == 4 else tokens", f"{SHAPES.format(9, 11)}."),
        ("tokens[:, :10]", f"{SHAPES.format(9, 10)}."),
        ("tokens[:, :9]", f"{SHAPES.format(9, 9)}."),
        ("torch.cat([tokens, tokens[:, -1:]], 1)", SHAPES.format(10, 13) + UNEXPLAINED),
        ("tokens[:, :-1]", SHAPES.format(8, 11) + UNEXPLAINED),
        ("tokens[:, 2:]", SHAPES.format(7, 10) + UNEXPLAINED),
        ("tokens[:, prompt - 1:]", SHAPES.format(2, 5) + UNEXPLAINED),
        ("tokens.float()", "generate() returned no tokens, but float32 of shape (2, 9)."),
        ("tokens[0]", "generate() returned no tokens, but int64 of shape (9,)."),
        ("list(tokens)", "generate() returned no tokens, but a list."),
        ("tokens.index_fill(1, torch.tensor([prompt]), 64)", "generate() returned token 64 of a vocabulary of 64."),
        ("tokens.index_fill(1, torch.tensor([prompt]), -1)", "generate() returned -1, which is no token."),
    ],
)
def test_a_miscount_is_told_with_the_shapes(examine_source: Examine, expression: str, reason: str):
    outcome = found(examine_source, of_tokens(expression))
    assert (outcome.verdict, outcome.reason) == (Verdict.FAILS, reason)


def test_the_answer_alone_is_an_answer(examine_source: Examine):
    assert found(examine_source, of_tokens("tokens[:, prompt:]")).verdict is Verdict.WORKS


def test_a_type_that_is_said_to_generate_has_to(examine_source: Examine):
    source = "class Skillset(good.Skillset):\n    generate = property()"
    outcome = found(examine_source, source)
    assert outcome.verdict is Verdict.FAILS
    assert outcome.reason == "The type is said to generate, and its module has no generate()."


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("tokens", Verdict.WORKS),
        ("tokens[:, 1:]", Verdict.WORKS),
        ("tokens[:, :-1]", Verdict.FAILS),
        ("torch.cat([tokens[:, :1], tokens], 1)", Verdict.FAILS),
        ("torch.cat([tokens[:, 1:], tokens[:, -1:]], 1)", Verdict.FAILS),
    ],
)
def test_an_encoder_decoder_has_a_start_token_or_the_answer_alone(
    examine: Examine, real_modules: dict[str, Path], tmp_path: Path, change: str, verdict: Verdict
):
    write_shared(tmp_path)
    path = tmp_path / "hf_t5.py"
    path.write_text(real_modules["t5"].read_text() + CHANGED.format(change=change))
    assert examine(path, generates=True, checks=[Check.GENERATE])[Check.GENERATE].verdict is verdict


@pytest.mark.parametrize(
    ("audio", "verdict"),
    [
        ("torch.ones(2, 160)", Verdict.NOT_APPLICABLE),
        ("torch.ones(2, 0)", Verdict.FAILS),
        ("torch.full((2, 160), float('nan'))", Verdict.FAILS),
    ],
)
def test_sound_is_not_counted_in_tokens(examine_source: Examine, audio: str, verdict: Verdict):
    outcome = found(examine_source, of_tokens("None").replace("{'tokens': None}", f"{{'audio': {audio}}}"))
    assert outcome.verdict is verdict
    assert "audio" in (outcome.reason or "")


def test_a_prompt_that_the_model_itself_cuts_is_explained(examine_source: Examine):
    """As blip does, which hands its prompt without the last token to its decoder."""
    outcome = found(
        examine_source,
        """
class Outer(torch.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner, self.config = inner, inner.config
    def forward(self, input_ids): return self.inner(input_ids=input_ids)
    def generate(self, input_ids, **how): return self.inner.generate(input_ids[:, :-1], **how)
def a_model(): return Outer(good.a_model())
""",
    )
    assert (outcome.verdict, outcome.reason) == (Verdict.WORKS, None)


@pytest.mark.parametrize(
    ("cut", "verdict"),
    [("tokens[:, 1:]", Verdict.WORKS), ("tokens.flip(0)[:, 1:]", Verdict.FAILS), ("tokens[:, 2:]", Verdict.FAILS)],
)
def test_rows_of_code_books_are_put_together_without_their_start(examine_source: Examine, cut: str, verdict: Verdict):
    """As musicgen's decoder does: a row of the prompt per code book, a matrix of the answer per example."""
    source = f"""
class Skillset(good.Skillset):
    def example_inputs(self, batch_size=1):
        return super().example_inputs(2 * batch_size)
    def generate(self, inputs, max_new_tokens=16):
        tokens = super().generate(inputs, max_new_tokens=max_new_tokens)["outputs"]["tokens"]
        return {{"outputs": {{"tokens": {cut}.reshape(2, 2, -1)}}}}
"""
    assert found(examine_source, source).verdict is verdict
