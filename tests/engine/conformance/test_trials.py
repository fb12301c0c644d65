"""What suites ask beyond an examination: a generated module passes, and each fault put into it is found."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import Catalog, load_catalog
from engine.conformance.course import CHECKS_AND_TRIALS, NEEDS_OF_ALL, all_with_needs
from engine.conformance.ended import Ended
from engine.conformance.examine import examination_arguments
from engine.conformance.journal import read_journal
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.skillset_suite import IN_PROCESSES_OF_THEIR_OWN, SUITES, SuiteCheck, Trial
from engine.skillsets.render import render
from engine.skillsets.write import write

Try = Callable[..., Ended]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture
def try_out(loaded: ForkServerLauncher, catalog: Catalog, tmp_path: Path) -> Try:
    """How one trial ends of a type's module with `source` below it, which may replace its `Skillset` or its `load`."""
    numbers = count()

    def try_one(trial: Trial, source: str = "", *, model_type: str = "bert") -> Ended:
        folder = tmp_path / f"trial-{next(numbers)}"
        folder.mkdir()
        model = catalog.get(model_type)
        path = write(model, render(model), tmp_path / "modules", force=True)
        path.write_text(f"{path.read_text()}\n\n_load, _Skillset = load, Skillset\n{source}\n")
        arguments = examination_arguments(
            path, folder, precision=Precision.FP32, device="cpu", missing=(), generates=False, checks=[trial]
        )
        outcome = loaded.run("engine.conformance.examine:examine", arguments, timeout_seconds=60.0)
        assert outcome.failure is None, outcome.failure
        assert [found.name for found in folder.iterdir()] == ["journal.jsonl"], "something was left behind"
        ended = {each.check: each for each in read_journal(folder).ended}
        assert all(ended[need].verdict is Verdict.WORKS for need in NEEDS_OF_ALL[trial])
        return ended[trial]

    return try_one


def skillset(method: str) -> str:
    return f"class Skillset(_Skillset):\n{method}"


def infer(statements: str) -> str:
    lines = "\n".join(f"        {line}" for line in statements.splitlines())
    return skillset(f"    def infer(self, inputs):\n{lines}\n        return super().infer(inputs)\n")


FORGIVING = """
def load(size="default", device="cpu", precision="fp32", checkpoint=None, **options):
    try:
        return _load(size, device, precision, checkpoint, **options)
    except Exception:
        return _load("tiny")
"""
SILENT = {
    Trial.MISSING_INPUT: infer("inputs = {**self.example_inputs(2), **inputs}"),
    Trial.UNKNOWN_INPUT: infer("inputs = {name: inputs[name] for name in ('input_ids', 'attention_mask')}"),
    Trial.WRONG_DTYPE: infer("inputs = {**inputs, 'input_ids': inputs['input_ids'].long()}"),
    Trial.WRONG_RANK: infer("if inputs['input_ids'].ndim != 2:\n    inputs = self.example_inputs(2)"),
    Trial.BEYOND_VOCABULARY: infer("inputs = {**inputs, 'input_ids': inputs['input_ids'].clamp(max=511)}"),
    Trial.EMPTY_BATCH: skillset(
        "    def example_inputs(self, batch_size=1):\n        return super().example_inputs(batch_size or 1)"
    ),
    Trial.UNKNOWN_DEVICE: FORGIVING,
    Trial.UNKNOWN_PRECISION: FORGIVING,
    Trial.UNKNOWN_SIZE: FORGIVING,
    Trial.BROKEN_WEIGHTS: FORGIVING,
    Trial.TRUNCATED_WEIGHTS: FORGIVING,
}
"""Modules that answer what they should refuse."""


def test_every_trial_of_a_suite_is_made_somewhere():
    asked = {check for checks in SUITES.values() for check in checks}
    assert asked == {*Check, *Trial}
    assert asked - set(IN_PROCESSES_OF_THEIR_OWN) == set(CHECKS_AND_TRIALS)


def test_a_suite_asks_for_all_that_its_checks_need():
    for checks in SUITES.values():
        assert all_with_needs(checks) == checks


@pytest.mark.parametrize("trial", SILENT)
def test_a_silent_answer_is_found_out(try_out: Try, trial: Trial):
    assert try_out(trial).verdict is Verdict.WORKS
    found = try_out(trial, SILENT[trial])
    assert found.verdict is Verdict.FAILS
    assert "was not refused, but answered" in (found.reason or "")


def test_pixels_that_are_no_numbers_have_to_show(try_out: Try):
    found = try_out(Trial.NOT_A_NUMBER, model_type="vit")
    assert (found.verdict, found.detail) == (Verdict.WORKS, "nothing but NaN as pixel_values: NaN in logits")
    hides = infer("inputs = {name: value.nan_to_num() for name, value in inputs.items()}")
    found = try_out(Trial.NOT_A_NUMBER, hides, model_type="vit")
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("Nothing but NaN as pixel_values was not refused, but answered with logits")


def test_what_a_model_does_not_read_does_not_apply(try_out: Try):
    assert try_out(Trial.NOT_A_NUMBER).verdict is Verdict.NOT_APPLICABLE
    assert try_out(Trial.BEYOND_VOCABULARY, model_type="vit").verdict is Verdict.NOT_APPLICABLE


def test_whole_numbers_as_pixels_have_to_mean_the_same(try_out: Try):
    assert try_out(Trial.WRONG_DTYPE, model_type="vit").verdict is Verdict.WORKS
    halves = infer(
        "if not inputs['pixel_values'].is_floating_point():\n    inputs = {'pixel_values': inputs['pixel_values'] / 2}"
    )
    found = try_out(Trial.WRONG_DTYPE, halves, model_type="vit")
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("Whole numbers as pixel_values was not refused")


def test_an_answer_to_an_empty_batch_has_to_be_empty(try_out: Try):
    pads = infer("if not len(inputs['input_ids']):\n    inputs = self.example_inputs(1)")
    found = try_out(Trial.EMPTY_BATCH, pads)
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("A batch of no example was not refused, but answered with logits [1, ")


@pytest.mark.parametrize("trial", [Trial.UNKNOWN_DEVICE, Trial.BROKEN_WEIGHTS, Trial.TRUNCATED_WEIGHTS])
def test_a_refusal_has_to_name_what_it_refuses(try_out: Try, trial: Trial):
    source = """
def load(size="default", device="cpu", precision="fp32", checkpoint=None, **options):
    try:
        return _load(size, device, precision, checkpoint, **options)
    except Exception:
        raise ValueError("no luck") from None
"""
    found = try_out(trial, source)
    assert found.verdict is Verdict.FAILS
    assert "was refused without being named: ValueError: no luck (hf_bert.py:" in (found.reason or "")


def test_a_refusal_must_not_change_the_model(try_out: Try):
    source = """
class Skillset(_Skillset):
    def infer(self, inputs):
        try:
            return super().infer(inputs)
        except Exception:
            next(self.model.parameters()).data.add_(1.0)
            raise
"""
    found = try_out(Trial.MISSING_INPUT, source)
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("After a refusal right inputs give another answer: output logits differs")


@pytest.mark.parametrize(
    ("model_type", "trial"),
    [
        ("ddpm", Trial.TRUNCATED_WEIGHTS),
        ("stable-diffusion", Trial.BROKEN_WEIGHTS),
        ("mixtral", Trial.TRUNCATED_WEIGHTS),
    ],
)
def test_denoisers_pipelines_and_mixtures_refuse_damaged_checkpoints_too(try_out: Try, model_type: str, trial: Trial):
    """diffusers would make up what a file lacks, and neither library says whose file is damaged."""
    found = try_out(trial, model_type=model_type)
    assert (found.verdict, found.reason) == (Verdict.WORKS, None)


def test_a_damaged_checkpoint_must_leave_nothing_behind(try_out: Try):
    keeps = """
kept = []
def load(size="default", device="cpu", precision="fp32", checkpoint=None, **options):
    try:
        return _load(size, device, precision, checkpoint, **options)
    except Exception:
        kept.append(torch.ones(1000))
        raise
"""
    found = try_out(Trial.TRUNCATED_WEIGHTS, keeps)
    assert found.verdict is Verdict.FAILS
    assert found.reason == "Tensors of 8000 bytes are still held after a damaged checkpoint was refused."
    found = try_out(Trial.TRUNCATED_WEIGHTS, keeps.replace("kept.append(torch.ones(1000))", "base.SEED += 1"))
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("After a damaged checkpoint was refused, a new model's weight ")


def test_a_module_that_reads_no_checkpoint_is_not_asked_to(try_out: Try):
    source = "def load(size='default', device='cpu', precision='fp32'):\n    return _load(size, device, precision)"
    found = try_out(Trial.BROKEN_WEIGHTS, source)
    assert (found.verdict, found.reason) == (Verdict.NOT_APPLICABLE, "Its load() takes no checkpoint.")


LEAKS = "globals().setdefault('kept', []).append(torch.ones(100))"
LEAKS_BELOW_PYTHON = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.memset(ctypes.c_void_p(libc.malloc(2**17)), 1, 2**17)
"""


def figures(ended: Ended) -> dict[str, float]:
    return {quantity.name: quantity.value for quantity in ended.measured}


def test_passes_that_leave_nothing_behind_grow_nothing(try_out: Try):
    found = try_out(Trial.MEMORY_GROWTH)
    assert found.verdict is Verdict.WORKS
    assert figures(found)["tensor_growth_per_pass"] == 0


def test_a_leak_of_tensors_is_found_to_the_byte(try_out: Try):
    found = try_out(Trial.MEMORY_GROWTH, infer(LEAKS))
    assert found.verdict is Verdict.FAILS
    assert found.reason == "From pass 2 to pass 10 tensors came to hold 3200 bytes more, 400 in each."
    assert figures(found)["tensor_growth_per_pass"] == 400


def test_a_leak_below_python_is_found_in_resident_memory(try_out: Try):
    found = try_out(Trial.MEMORY_GROWTH, infer(LEAKS_BELOW_PYTHON))
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("From pass 2 to pass 10 resident memory grew by 1")
    assert figures(found)["resident_growth_per_pass"] == pytest.approx(2**17, rel=0.2)


def test_a_pass_that_takes_more_than_it_should_is_found(try_out: Try):
    found = try_out(Trial.MEMORY_PEAK)
    assert found.verdict is Verdict.WORKS
    assert 0 < figures(found)["pass_peak"] < figures(found)["allowed_peak"]
    found = try_out(Trial.MEMORY_PEAK, infer("hog = bytearray(100 * 2**20)"))
    assert found.verdict is Verdict.FAILS
    assert (found.reason or "").startswith("A pass takes 10")


def test_what_is_needed_comes_first_in_the_order_of_asking():
    wanted: list[SuiteCheck] = [Trial.EMPTY_BATCH, Check.BATCH]
    assert all_with_needs(wanted) == (
        Check.IMPORT,
        Check.CONSTRUCT,
        Check.FORWARD,
        Check.FINITE,
        Check.DETERMINISTIC,
        Check.BATCH,
        Trial.EMPTY_BATCH,
    )
