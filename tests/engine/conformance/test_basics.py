"""Modules that do not import, build or run, or whose numbers are none."""

from __future__ import annotations

import pytest

from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from tests.engine.conformance.conftest import Examine


def test_a_module_that_does_not_import_leaves_the_rest_untried(examine_source: Examine):
    outcomes = examine_source("raise ValueError('no luck\\nat all')")
    found = outcomes[Check.IMPORT]
    assert (found.verdict, found.reason) == (Verdict.FAILS, "ValueError: no luck at all (hf_broken.py:7).")
    assert found.detail is not None and found.detail.startswith("Traceback") and "no luck" in found.detail
    others = [outcome for check, outcome in outcomes.items() if check is not Check.IMPORT]
    assert {outcome.verdict for outcome in others} == {Verdict.NOT_TRIED}
    assert outcomes[Check.CONSTRUCT].reason == "It needs import."
    assert outcomes[Check.BATCH].reason == "It needs finite."


@pytest.mark.parametrize(
    "source",
    [
        "import no_such_package.inner",
        "raise ImportError('no_such_package was not found in your environment, install it')",
        "raise ImportError('BertModel requires the no_such_package library but it is absent')",
        "raise ImportError('Please run pip install no_such_package')",
        "raise ImportError('You have torch; run `pip install -U no_such_package[gpu]>=2.0` too')",
        "raise ImportError('it was not found in your environment: pip install no_such_package.')",
        "try:\n    import no_such_package\nexcept ImportError as error:\n    raise RuntimeError('in vain') from error",
    ],
)
def test_a_missing_package_is_nobodys_failure(examine_source: Examine, source: str):
    found = examine_source(source)[Check.IMPORT]
    assert found.verdict is Verdict.UNAVAILABLE
    assert found.reason == "The package no_such_package is not installed; pip install no_such_package."


@pytest.mark.parametrize(
    "error",
    [
        "ValueError('too old; pip install -U transformers')",
        "ValueError('pip install numpy to fix')",
        "ValueError('pip install to get it')",
        "RuntimeError('Please run pip install no_such_package')",
        "ImportError('pip install to get it')",
        "ImportError('torch was not found in your environment')",
        "ImportError('Model requires the PyTorch library')",
        "ImportError('it was not found in your environment')",
        "ImportError('use pip install git+https://github.com/a/b')",
        "ImportError('too old; pip install -U huggingface-hub')",
        "ImportError('cannot import name x; pip install PyYAML')",
    ],
)
def test_advice_to_install_what_is_there_or_is_no_name_excuses_no_fault(examine_source: Examine, error: str):
    found = examine_source(f"raise {error}", checks=[Check.IMPORT])[Check.IMPORT]
    kind, message = error.removesuffix("')").split("('")
    assert (found.verdict, found.reason) == (Verdict.FAILS, f"{kind}: {message} (hf_broken.py:7).")


@pytest.mark.parametrize(("package", "module"), [("causal-conv1d", "causal_conv1d"), ("flash-linear-attention", "fla")])
def test_a_package_is_there_when_its_module_is(examine_source: Examine, package: str, module: str):
    error = f"raise ImportError('pip install {package}')"
    found = examine_source(error, checks=[Check.IMPORT])[Check.IMPORT]
    assert found.reason == f"The package {package} is not installed; pip install {package}."
    present = f"import sys, types\nsys.modules['{module}'] = types.ModuleType('{module}')\n{error}"
    assert examine_source(present, checks=[Check.IMPORT])[Check.IMPORT].verdict is Verdict.FAILS


def test_a_name_that_an_installed_package_lacks_is_a_failure(examine_source: Examine):
    found = examine_source("from transformers import NoSuchModel")[Check.IMPORT]
    assert found.verdict is Verdict.FAILS
    assert "ImportError: cannot import name 'NoSuchModel'" in (found.reason or "")


def test_a_module_that_ends_the_interpreter_is_a_failure(examine_source: Examine):
    found = examine_source("raise SystemExit(0)")[Check.IMPORT]
    assert (found.verdict, found.reason) == (Verdict.FAILS, "SystemExit: 0 (hf_broken.py:7).")


def test_a_model_without_weights_is_none(examine_source: Examine):
    found = examine_source("def a_model(): return torch.nn.Identity()")[Check.CONSTRUCT]
    assert (found.verdict, found.reason) == (Verdict.FAILS, "The model has no parameters.")


def test_another_precision_than_asked_for_is_a_failure(examine_source: Examine):
    source = "def load(size, device, precision):\n    return Skillset(a_model(), 'fp32')"
    found = examine_source(source, precision=Precision.BF16)[Check.CONSTRUCT]
    assert (found.verdict, found.reason) == (Verdict.FAILS, "8128 of 8128 weights are not of bf16 but of float32.")


@pytest.mark.parametrize(("kept", "verdict"), [("ln_f", Verdict.WORKS), ("h", Verdict.FAILS)])
def test_the_lesser_part_of_the_weights_may_keep_another_precision(
    examine_source: Examine, kept: str, verdict: Verdict
):
    source = f"""
class Skillset(good.Skillset):
    def __init__(self, model, precision):
        super().__init__(model, precision)
        self.model.transformer.{kept}.float()
"""
    found = examine_source(source, precision=Precision.BF16, checks=[Check.CONSTRUCT])[Check.CONSTRUCT]
    assert found.verdict is verdict
    if verdict is Verdict.FAILS:
        assert found.reason == "6560 of 8128 weights are not of bf16 but of float32."


def test_every_parameter_has_to_be_on_the_device(examine_source: Examine):
    source = """
class Skillset(good.Skillset):
    def __init__(self, model, precision):
        super().__init__(model, precision)
        self.model.transformer.wpe.to("meta")
"""
    found = examine_source(source, checks=[Check.CONSTRUCT])[Check.CONSTRUCT]
    assert found.verdict is Verdict.FAILS
    assert found.reason == "1 of 28 parameters are not on cpu but on meta."


def test_whole_numbers_are_no_weights_of_a_precision(examine_source: Examine):
    source = """
def a_model():
    model = torch.nn.Module()
    model.table = torch.nn.Parameter(torch.arange(3), requires_grad=False)
    return model
"""
    found = examine_source(source, checks=[Check.CONSTRUCT])[Check.CONSTRUCT]
    assert (found.verdict, found.reason) == (Verdict.FAILS, "No parameter is a real number.")


def test_a_precision_that_the_module_does_not_offer_is_unavailable(examine_source: Examine):
    found = examine_source("", precision=Precision.FP16)[Check.CONSTRUCT]
    assert (found.verdict, found.reason) == (Verdict.UNAVAILABLE, "The module offers fp32, bf16 on cpu.")


def test_a_device_that_is_not_here_is_unavailable(examine_source: Examine):
    outcomes = examine_source("class Skillset(good.Skillset):\n    fallback_reason = 'cuda is not here.'")
    assert (outcomes[Check.CONSTRUCT].verdict, outcomes[Check.CONSTRUCT].reason) == (
        Verdict.UNAVAILABLE,
        "cuda is not here.",
    )
    assert outcomes[Check.FORWARD].verdict is Verdict.NOT_TRIED


def test_what_goes_wrong_inside_the_library_is_told_with_its_place_there(examine_source: Examine):
    found = examine_source("""
class Skillset(good.Skillset):
    def example_inputs(self, batch_size=1):
        return {"input_ids": torch.full((batch_size, 40), 5)}
""")[Check.FORWARD]
    assert found.verdict is Verdict.FAILS
    assert "IndexError: index out of range in self (transformers/models/gpt2/modeling_gpt2.py:" in (found.reason or "")
    assert len((found.detail or "").splitlines()) <= 40


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ("{}", "The forward pass returned no tensors."),
        ("{'answer': 42}", "The forward pass returned no tensors."),
        ("{'boxes': torch.zeros(0, 4), 'scores': torch.zeros(0)}", "Every output is empty: boxes, scores."),
    ],
)
def test_a_pass_without_tensors_is_a_failure(examine_source: Examine, outputs: str, reason: str):
    source = f"class Skillset(good.Skillset):\n    def infer(self, inputs): return {{'outputs': {outputs}}}"
    found = examine_source(source)[Check.FORWARD]
    assert (found.verdict, found.reason) == (Verdict.FAILS, reason)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_numbers_that_are_none_are_a_failure_and_not_compared(examine_source: Examine, value: str):
    outcomes = examine_source(f"""
class Skillset(good.Skillset):
    def infer(self, inputs):
        logits = super().infer(inputs)["outputs"]["logits"]
        return {{"outputs": {{"logits": logits.index_fill(2, torch.tensor([0]), float("{value}"))}}}}
""")
    found = outcomes[Check.FINITE]
    assert found.verdict is Verdict.FAILS
    assert found.reason == "Output logits has 16 of 1024 values that are NaN or infinite."
    assert outcomes[Check.BATCH].verdict is Verdict.NOT_TRIED
    assert outcomes[Check.GENERATE].verdict is Verdict.WORKS


@pytest.mark.parametrize(("masked", "verdict"), [(1, Verdict.WORKS), (64, Verdict.FAILS)])
def test_minus_infinity_masks_some_numbers_but_not_all(examine_source: Examine, masked: int, verdict: Verdict):
    source = f"""
class Skillset(good.Skillset):
    def infer(self, inputs):
        logits = super().infer(inputs)["outputs"]["logits"]
        masked = logits.index_fill(2, torch.arange({masked}), -float("inf"))
        return {{"outputs": {{"logits": masked, "empty": logits[:0]}}}}
"""
    found = examine_source(source, checks=[Check.FINITE])[Check.FINITE]
    assert found.verdict is verdict
    assert found.reason == (None if masked == 1 else "Output logits is nothing but minus infinity.")
