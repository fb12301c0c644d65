"""Answers beside that of eager fp32: what counts as the same, and in which words the rest is refused."""

from __future__ import annotations

import pytest

from engine.domain.case import Precision
from engine.workloads.agreement import tolerance_of
from tests.engine.workloads.test_in_a_child import value_of

AGREEING = ("same", "nothing_and_nothing", "masked", "choices", "empty")


@pytest.fixture(scope="module")
def strict(loaded) -> dict[str, str | None]:
    return value_of(loaded, "judge_agreement", {"tolerance": tolerance_of(Precision.FP32)})


@pytest.fixture(scope="module")
def loose(loaded) -> dict[str, str | None]:
    return value_of(loaded, "judge_agreement", {"tolerance": tolerance_of(Precision.BF16)})


def test_the_same_answer_agrees_whatever_it_is_made_of(strict):
    assert {name: strict[name] for name in AGREEING} == dict.fromkeys(AGREEING)


def test_a_short_type_may_be_off_by_what_it_rounds(strict, loose):
    for name in ("close", "rounded", "scaled_up"):
        assert loose[name] is None
        assert "of its scale, and 0.001 is allowed" in strict[name]


def test_another_answer_or_none_at_all_is_refused_even_of_a_short_type(loose):
    assert (
        loose["unrelated"] == "Output y is not that of eager fp32: it is off by 1.4 of its scale, and 0.1 is allowed."
    )
    assert "off by 1 of its scale" in loose["zeros"]
    assert "off by" in loose["complex"]


def test_one_wrong_row_among_many_is_refused(strict, loose):
    assert strict["one_row_wrong"] is not None
    assert loose["one_row_wrong"] is not None


def test_something_where_nothing_was_expected_is_refused(loose):
    assert "off by" in loose["nothing_expected"]


def test_what_is_masked_has_to_be_masked_on_both_sides(loose):
    assert "other values than there are not finite" in loose["mask_is_elsewhere"]


def test_choices_are_compared_by_the_share_that_differs(strict, loose):
    assert "15.6% of its choices differ, and 0.1% may" in strict["a_few_wrong"]
    assert "15.6% of its choices differ, and 10.0% may" in loose["a_few_wrong"]


def test_outputs_of_another_name_shape_or_kind_are_refused(loose):
    assert loose["missing"] == "Output y, which eager fp32 gives, is missing."
    assert loose["added"] == "Output z is none of those that eager fp32 gives."
    assert "its shape is [1, 100] instead of [64, 100]" in loose["shorter"]
    assert "its type is int64 instead of float32" in loose["kind"]


def test_every_precision_has_a_tolerance_below_that_of_saying_nothing():
    tolerances = [tolerance_of(precision) for precision in Precision]
    assert tolerances == sorted(tolerances)
    assert all(0 < tolerance < 1 for tolerance in tolerances)
