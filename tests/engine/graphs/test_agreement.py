"""When an answer counts as torch's, worked out by hand."""

from __future__ import annotations

import numpy
import pytest

from engine.domain.case import Precision
from engine.graphs.agreement import TOLERANCES, Tolerance, disagreement

EXACT = TOLERANCES[Precision.FP32]
LOOSE = Tolerance(typical=0.1)
ANSWER = numpy.array([[3.0, -4.0], [0.5, 2.0]], dtype="float32")


def fault(outputs, reference, tolerance=EXACT) -> str | None:
    return disagreement(outputs, reference, tolerance)[0]


def test_the_same_answer_agrees_and_differs_by_nothing():
    assert disagreement({"y": ANSWER}, {"y": ANSWER}, EXACT) == (None, 0.0)


def test_the_difference_told_is_a_share_of_the_outputs_own_scale():
    for scale in (1.0, 1000.0):
        fault_found, typical = disagreement({"y": ANSWER * scale * 1.01}, {"y": ANSWER * scale}, LOOSE)
        assert (fault_found, typical) == (None, pytest.approx(0.01, rel=1e-3))


def test_more_than_is_allowed_is_named_with_both_numbers():
    assert fault({"y": ANSWER * 1.2}, {"y": ANSWER}, LOOSE) == (
        "Output y differs from torch's by 0.2 of its scale; 0.1 is allowed."
    )


def test_one_wrong_value_among_many_is_found_in_fp32():
    reference = numpy.ones(1_000_000, dtype="float32")
    wrong = reference.copy()
    wrong[7] = 1.5
    assert fault({"y": wrong}, {"y": reference}) == (
        "One value of output y differs from torch's by 0.5 of the largest; 0.005 is allowed."
    )
    assert fault({"y": wrong}, {"y": reference}, LOOSE) is None


@pytest.mark.parametrize("precision", TOLERANCES)
def test_an_answer_of_noughts_or_of_another_sign_is_wrong_at_every_precision(precision):
    reference = numpy.random.default_rng(0).standard_normal(1000).astype("float32")
    assert fault({"y": -reference}, {"y": reference}, TOLERANCES[precision]) is not None
    assert fault({"y": numpy.zeros_like(reference)}, {"y": reference}, TOLERANCES[precision]) is not None


def test_an_answer_without_any_relation_is_wrong_even_in_two_bits():
    numbers = numpy.random.default_rng(0)
    reference, other = (numbers.standard_normal(10_000).astype("float32") for _ in range(2))
    assert fault({"y": other}, {"y": reference}, TOLERANCES[Precision.INT2]) is not None


def test_rounding_where_everything_cancels_is_no_difference():
    assert fault({"y": ANSWER * 0 + 2e-7}, {"y": ANSWER * 0}) is None


def test_something_where_torch_answers_nought_is_wrong():
    assert fault({"y": ANSWER}, {"y": ANSWER * 0}) == "Output y is up to 4 where torch answers nought."


def test_minus_infinity_and_the_least_number_are_the_same_mask():
    reference = numpy.array([1.0, -numpy.inf, 2.0], dtype="float32")
    least = numpy.array([1.0, numpy.finfo("float32").min, 2.0], dtype="float32")
    assert fault({"y": least}, {"y": reference}) is None
    assert fault({"y": numpy.array([1.0, 2.0, 2.0], dtype="float32")}, {"y": reference}) == (
        "Output y masks other places than torch's."
    )


def test_what_is_no_number_is_counted():
    broken = numpy.array([[numpy.nan, -4.0], [0.5, 2.0]], dtype="float32")
    assert fault({"y": broken}, {"y": ANSWER}) == "Output y has 1 of 4 values that are no numbers."


def test_another_shape_or_a_missing_output_is_named():
    assert fault({"y": ANSWER[:1]}, {"y": ANSWER}) == "Output y has shape [1, 2], with torch [2, 2]."
    assert fault({"z": ANSWER}, {"y": ANSWER}) == "The graph has no output y; it has z."
    assert fault({"y": ANSWER, "z": ANSWER * 7}, {"y": ANSWER}) is None


def test_whole_numbers_have_to_be_the_same_only_where_nothing_was_quantised():
    reference, other = numpy.array([1, 2, 3]), numpy.array([1, 2, 4])
    assert fault({"y": other}, {"y": reference}) == "Output y differs from torch's in 1 of 3 whole numbers."
    assert fault({"y": other}, {"y": reference}, LOOSE) is None
