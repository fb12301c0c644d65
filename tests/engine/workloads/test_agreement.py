"""Answers beside that of eager fp32: what counts as the same, and in which words the rest is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine.domain.case import Precision
from engine.formatting import THIN_SPACE
from engine.workloads.agreement import TOLERANCES, agreement_note

AGREEING = ("same", "nothing_and_nothing", "cancelled", "masked", "complex", "choices", "empty", "not_a_number_twice")


def judged(loaded, precision: Precision) -> dict[str, Any]:
    called = "tests.engine.workloads.judged_answers:judge"
    outcome = loaded.run(called, {"precision": precision.value}, timeout_seconds=120)
    assert outcome.value is not None, outcome.failure
    return outcome.value


@pytest.fixture(scope="module")
def told(loaded) -> dict[Precision, dict[str, Any]]:
    return {precision: judged(loaded, precision) for precision in Precision}


@pytest.fixture(scope="module")
def strict(told) -> dict[str, Any]:
    """What is said of each answer in fp32."""
    return {name: fault for name, (fault, _) in told[Precision.FP32].items()}


@pytest.fixture(scope="module")
def loose(told) -> dict[str, Any]:
    """What is said of each answer in bf16."""
    return {name: fault for name, (fault, _) in told[Precision.BF16].items()}


@pytest.mark.parametrize("name", AGREEING)
def test_the_same_answer_agrees_and_differs_by_nothing_whatever_it_is_made_of(told, name):
    assert told[Precision.FP32][name] == [None, 0.0]


@pytest.mark.parametrize("name", ["one_percent", "scaled_up", "arrays"])
def test_the_difference_told_is_a_share_of_the_outputs_own_scale(told, name):
    fault, difference = told[Precision.BF16][name]
    assert fault is None
    assert difference == pytest.approx(0.01, rel=1e-3)


def test_a_short_type_may_be_off_by_what_it_rounds(strict, loose):
    for name in ("one_percent", "scaled_up", "rounded", "arrays"):
        assert loose[name] is None
        assert f"of its scale (root mean square), and 0.1{THIN_SPACE}% is allowed" in strict[name]


def test_int8_may_be_off_by_what_trained_sentence_models_are_in_it_and_bf16_may_not(told, loose):
    fault, difference = told[Precision.INT8]["a_quarter"]
    assert fault is None
    assert difference == pytest.approx(0.25, rel=0.05)
    assert "differs by 25" in loose["a_quarter"]


@pytest.mark.parametrize("precision", Precision)
def test_another_answer_or_none_at_all_is_refused_in_every_precision(told, precision):
    for name in ("unrelated", "noughts", "turned"):
        assert told[precision][name][0].startswith("Output y is not that of eager fp32: it differs by ")


def test_more_than_is_allowed_is_told_with_both_numbers(told):
    fault, difference = told[Precision.BF16]["noughts"]
    assert fault == (
        f"Output y is not that of eager fp32: it differs by 100{THIN_SPACE}% of its scale (root mean square), "
        f"and 10{THIN_SPACE}% is allowed."
    )
    assert difference == pytest.approx(1.0)


def test_one_wrong_row_among_many_is_refused(strict, loose):
    assert strict["one_row_wrong"] is not None
    assert loose["one_row_wrong"] is not None


def test_one_wrong_value_among_millions_is_refused_where_nothing_is_rounded(strict, loose):
    assert strict["one_value_wrong"] == (
        f"Output y is not that of eager fp32: one value differs by 25{THIN_SPACE}% of itself and the output's scale, "
        f"and 2{THIN_SPACE}% is allowed."
    )
    assert loose["one_value_wrong"] is None


def test_something_where_nothing_was_expected_is_refused(loose):
    assert loose["nothing_expected"] == "Output y is not that of eager fp32: it is up to 0.5 where nought is right."


@pytest.mark.parametrize("name", ["masked_by_the_least", "masked_by_infinity"])
def test_minus_infinity_and_the_least_number_are_the_same_mask(told, name):
    assert told[Precision.FP32][name] == [None, 0.0]


def test_the_least_number_of_fp16_is_the_mask_that_the_least_of_fp32_is(told):
    fault, difference = told[Precision.FP16]["masked_by_the_least_of_fp16"]
    assert fault is None
    assert 0 < difference < 0.001


@pytest.mark.parametrize("name", ["mask_is_missing", "mask_is_added", "mask_is_turned"])
def test_what_is_masked_has_to_be_masked_on_both_sides(told, name):
    for precision in Precision:
        assert told[precision][name][0].endswith("other values than there are masked.")


def test_a_mask_hides_nothing_that_is_wrong_beside_it(loose):
    assert "it differs by 200" in loose["wrong_beside_a_mask"]


def test_what_is_no_number_has_to_be_none_on_both_sides(loose):
    assert loose["not_a_number"].endswith("other values than there are no numbers.")


def test_imaginary_parts_count(loose):
    assert "it differs by 141" in loose["complex_conjugated"]


def test_choices_are_compared_by_the_share_that_differs(strict, loose):
    assert f"16{THIN_SPACE}% of its choices differ, and 0.1{THIN_SPACE}% may" in strict["a_few_wrong"]
    assert f"16{THIN_SPACE}% of its choices differ, and 10{THIN_SPACE}% may" in loose["a_few_wrong"]


def test_outputs_of_another_name_shape_or_kind_are_refused(loose):
    assert loose["missing"] == "Output y, which eager fp32 gives, is missing; what is there: z."
    assert loose["shorter"] == "Output y is not that of eager fp32: its shape is [1, 100] instead of [64, 100]."
    assert loose["kind"] == "Output y is not that of eager fp32: its type is int64 instead of float32."


def test_outputs_that_eager_fp32_does_not_give_are_not_looked_at(strict):
    assert strict["added"] is None


def test_of_several_outputs_the_wrong_one_is_named_and_the_largest_difference_told(told):
    fault, difference = told[Precision.FP32]["second_is_wrong"]
    assert fault.startswith("Output y ")
    assert difference == pytest.approx(2.0)


def test_the_note_says_the_difference_and_what_is_allowed():
    assert agreement_note(0.025, Precision.INT8) == (
        f"Outputs differ from eager fp32 by 2.5{THIN_SPACE}% of their scale (root mean square); "
        f"40{THIN_SPACE}% is allowed in int8."
    )
    assert f"by less than 0.01{THIN_SPACE}% of" in agreement_note(3e-7, Precision.FP32)
    assert f"by 0{THIN_SPACE}% of" in agreement_note(0.0, Precision.FP32)


def test_every_precision_has_a_tolerance_below_that_of_saying_nothing():
    allowed = [TOLERANCES[precision].typical for precision in Precision]
    assert allowed == sorted(allowed)
    assert all(0 < share < 1 for share in allowed)
