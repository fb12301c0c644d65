"""bf16, int8 and compiled cases in real processes: what runs, and that a wrong answer is no result."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from engine.benchmarking.launchers import Launcher, ProcessOutcome
from engine.benchmarking.measure import measure_case, measuring_arguments
from engine.domain.case import Case, Precision, Workload
from engine.domain.result import FailureKind
from tests.builders import a_protocol
from tests.engine.benchmarking import a_deep_skillset_facts as known
from tests.engine.benchmarking.a_deep_skillset_facts import SKILLSET, a_deep_case


def outcome_of(launcher: Launcher, case: Case, function: str = "engine.benchmarking.measure:measure_case") -> Any:
    arguments = measuring_arguments(case, a_protocol(), SKILLSET, with_facts=True)
    return launcher.run(function, arguments, timeout_seconds=180)


def measured(launcher: Launcher, case: Case) -> dict[str, Any]:
    outcome: ProcessOutcome = outcome_of(launcher, case)
    assert outcome.value is not None, outcome.failure
    return outcome.value


def allowed_of(notes: list[str]) -> str:
    """The end of the note on agreement."""
    (found,) = [note for note in notes if note.startswith("Outputs differ from eager fp32 by ")]
    return found.partition("; ")[2]


@pytest.fixture(scope="module")
def in_int8(loaded) -> dict[str, Any]:
    return measured(loaded, a_deep_case(precision=Precision.INT8, batch_size=3))


def test_a_short_type_that_answers_as_fp32_does_says_so(loaded):
    notes = measured(loaded, a_deep_case(precision=Precision.BF16))["notes"]
    assert allowed_of(notes) == "10\N{THIN SPACE}% is allowed in bf16."


def test_eager_fp32_on_the_processor_is_compared_with_nothing(loaded):
    assert not [note for note in measured(loaded, a_deep_case())["notes"] if "eager fp32" in note]


def test_a_wrong_answer_is_a_failed_case_however_fast(loaded):
    failure = outcome_of(loaded, a_deep_case(precision=Precision.BF16, batch_size=known.WRONG_AT_BATCH)).failure
    assert failure.kind is FailureKind.WRONG_OUTPUT
    assert failure.reason.startswith("Output y is not that of eager fp32: it differs by ")


CREW = {"workload": Workload.CONCURRENCY, "workers": 2}


def test_the_answer_of_one_worker_is_compared_once_all_have_gone(loaded):
    notes = measured(loaded, a_deep_case(precision=Precision.BF16, **CREW))["notes"]
    assert any(note.startswith("Outputs differ from eager fp32 by 0.") for note in notes)
    failure = outcome_of(loaded, a_deep_case(precision=Precision.BF16, batch_size=known.WRONG_AT_BATCH, **CREW)).failure
    assert failure.kind is FailureKind.WRONG_OUTPUT
    assert failure.reason.startswith("Output y is not that of eager fp32: it differs by ")


def test_workers_in_eager_fp32_on_the_processor_are_compared_with_nothing(loaded):
    assert not [note for note in measured(loaded, a_deep_case(**CREW))["notes"] if "eager fp32" in note]


def test_random_answers_are_measured_and_not_compared(loaded):
    notes = measured(loaded, a_deep_case(precision=Precision.BF16, batch_size=known.RANDOM_AT_BATCH))["notes"]
    assert "Outputs were not compared with eager fp32: this model draws random numbers in its forward pass." in notes


def test_random_answers_have_the_shape_of_eager_fp32_all_the_same(loaded):
    failure = outcome_of(loaded, a_deep_case(precision=Precision.BF16, batch_size=known.SHORT_AT_BATCH)).failure
    assert failure is not None and failure.kind is FailureKind.WRONG_OUTPUT
    assert failure.reason == "Output y is not that of eager fp32: its shape is [15, 31] instead of [15, 32]."


def test_a_model_whose_own_answer_jumps_at_a_rounding_is_measured_and_said_to_be(loaded):
    notes = measured(loaded, a_deep_case(precision=Precision.BF16, batch_size=known.CHOOSING_AT_BATCH))["notes"]
    assert any("cannot be compared with eager fp32: it gives another answer itself" in note for note in notes)


def test_every_linear_layer_runs_in_int8_and_answers_as_fp32_does(in_int8):
    told = next(note for note in in_int8["notes"] if note.startswith("int8: "))
    assert told.startswith("int8: 2 of 2 linear layers, 100% of the weights that are computed with, by torch's ")
    assert allowed_of(in_int8["notes"]) == "40\N{THIN SPACE}% is allowed in int8."


def test_facts_of_int8_are_those_of_the_model_with_the_bytes_it_stores(in_int8):
    assert in_int8["facts"]["parameters"] == known.WEIGHTS + known.BIASES
    assert in_int8["facts"]["parameter_bytes"] == known.WEIGHTS + 4 * known.BIASES
    assert in_int8["facts"]["flops"] == 2 * 3 * known.WEIGHTS


def test_a_model_without_linear_layers_is_refused_in_int8(loaded):
    failure = outcome_of(loaded, a_deep_case(precision=Precision.INT8, size=known.SIZE_WITHOUT_LINEAR)).failure
    assert failure.kind is FailureKind.NOT_AVAILABLE
    assert failure.reason == ("Convolution has no linear layer, and torch runs no other in int8; choose fp32 or bf16.")


def test_a_model_that_reads_packed_weights_is_refused_in_int8_with_that_reason(loaded):
    failure = outcome_of(loaded, a_deep_case(precision=Precision.INT8, size=known.SIZE_THAT_READS_WEIGHTS)).failure
    assert failure.kind is FailureKind.NOT_AVAILABLE
    assert failure.reason.startswith("Reader reads the weights of its linear layers itself")


def test_int8_starts_up_with_its_quantising_counted_as_building(loaded):
    seen = measured(loaded, a_deep_case(precision=Precision.INT8, workload=Workload.STARTUP))
    assert any(note.startswith("int8: 2 of 2") for note in seen["notes"])
    assert seen["measurements"]["class_instantiation_time"][0] > 0


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler is here")
def test_a_compiled_model_tells_its_graphs_breaks_and_seconds(loaded):
    seen = measured(loaded, a_deep_case(compiled=True, batch_size=known.BREAK_AT_BATCH))
    told = next(note for note in seen["notes"] if note.startswith("torch.compile: "))
    assert told.startswith("torch.compile: 2 graphs, 1 graph break; compiling took ")
    assert "between graphs Python runs" in told
    assert allowed_of(seen["notes"]) == "0.1\N{THIN SPACE}% is allowed in fp32."
    assert seen["facts"]["flops"] == 2 * known.BREAK_AT_BATCH * known.WEIGHTS


def test_without_a_compiler_a_compiled_case_fails_and_runs_no_eager_code(loaded):
    failure = outcome_of(loaded, a_deep_case(compiled=True), f"{__name__}:measure_without_a_compiler").failure
    assert failure.kind is FailureKind.NOT_AVAILABLE
    assert failure.reason == ("torch.compile needs a C++ compiler and finds none; install g++, or leave --compile out.")


def test_a_compiler_that_breaks_fails_the_case_and_runs_no_eager_code(loaded):
    failure = outcome_of(loaded, a_deep_case(compiled=True), f"{__name__}:measure_with_a_broken_compiler").failure
    assert failure.kind is FailureKind.ERROR
    assert "the compiler gave up" in failure.reason + failure.log


def measure_without_a_compiler(arguments: dict[str, Any]) -> dict[str, Any]:
    """Runs in a child process."""
    import torch._inductor.config as config

    config.cpp.cxx = (None, "no-such-compiler")
    return measure_case(arguments)


def measure_with_a_broken_compiler(arguments: dict[str, Any]) -> dict[str, Any]:
    """Runs in a child process."""
    import torch._inductor.compile_fx as compiling

    def give_up(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("the compiler gave up")

    compiling.compile_fx = give_up
    return measure_case(arguments)
