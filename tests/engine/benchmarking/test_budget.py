"""What a time budget is spent on, worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.benchmarking.budget import in_teaching_order, out_of_budget, within_budget
from engine.domain.result import FailureKind
from engine.domain.run import PlannedCase
from engine.errors import InvalidValue
from tests.builders import A_TIME, a_case

BERT, BERT_8 = a_case("bert"), a_case("bert", batch_size=8)
ROBERTA, VIT, GPT2 = a_case("roberta"), a_case("vit"), a_case("gpt2")


def planned(*cases_and_seconds, processes=1):
    return [
        PlannedCase(case=case, repetition=repetition, estimated_seconds=(0.5 * seconds, 1.5 * seconds))
        for repetition in range(processes)
        for case, seconds in cases_and_seconds
    ]


def test_every_model_comes_once_before_any_second_case():
    assert in_teaching_order([BERT, BERT_8, VIT], {}) == [BERT, VIT, BERT_8]


def test_families_take_turns():
    assert in_teaching_order([BERT, ROBERTA, VIT, GPT2], {}) == [BERT, VIT, GPT2, ROBERTA]


def test_what_was_never_measured_comes_before_what_was_and_the_oldest_of_that_first():
    measured = {BERT.case_id: A_TIME, VIT.case_id: A_TIME - timedelta(days=9)}
    assert in_teaching_order([BERT, VIT, ROBERTA, BERT_8], measured) == [ROBERTA, VIT, BERT, BERT_8]


def test_the_budget_goes_to_the_first_and_cheaper_ones_pass_a_dear_one():
    found = within_budget(planned((BERT, 4), (GPT2, 50), (VIT, 5)), 10)
    assert [(item.case, item.in_budget) for item in found] == [(BERT, True), (VIT, True), (GPT2, False)]


def test_no_process_of_a_case_is_reached_without_those_before():
    found = within_budget(planned((GPT2, 6), (BERT, 2), processes=3), 11)
    reached = [(item.case, item.repetition) for item in found if item.in_budget]
    assert reached == [(GPT2, 0), (BERT, 0), (BERT, 1)]
    assert [(item.case, item.repetition) for item in found if not item.in_budget] == [(GPT2, 1), (GPT2, 2), (BERT, 2)]


def test_one_case_that_might_just_fit_is_tried():
    (first, second) = within_budget(planned((GPT2, 60), (BERT, 10)), 6)
    assert (first.case, first.in_budget, second.in_budget) == (BERT, True, False)


def test_a_budget_too_short_for_any_case_is_refused_with_the_least_that_would_do():
    with pytest.raises(InvalidValue, match=r"1s is too short for a single case: the cheapest, bert .* at least 15s\."):
        within_budget(planned((GPT2, 60), (BERT, 10)), 1)


def test_nothing_to_run_needs_no_budget():
    assert within_budget([], 1) == ()


def test_nothing_begins_once_the_budget_is_spent():
    failure = out_of_budget((1.0, 2.0), 90, 90.5)
    assert (failure.kind, failure.reason) == (FailureKind.OUT_OF_BUDGET, "The budget of 1m30s is spent.")
    assert out_of_budget((1.0, 2.0), 90, 80) is None
    assert out_of_budget(None, 90, 89) is None


def test_nothing_begins_that_surely_ends_too_late():
    failure = out_of_budget((30.0, 90.0), 60, 40)
    assert failure.reason == "Takes 30 to 90 s; 20 s of the budget of 1m are left."
