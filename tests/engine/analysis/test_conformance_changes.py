from __future__ import annotations

from typing import Any

import pytest

from engine.analysis.conformance_changes import ChangeKind, ConformanceChange, conformance_changes
from engine.domain.case import Precision
from engine.domain.conformance import Check, Conformance, Verdict
from tests.conformance_builders import A_REASON, a_conformance, some_outcomes

FAILS, WORKS, PARTIAL = Verdict.FAILS, Verdict.WORKS, Verdict.PARTIAL
NOT_TRIED, NOT_APPLICABLE = Verdict.NOT_TRIED, Verdict.NOT_APPLICABLE
FORWARD_FAILS = {Check.FORWARD: FAILS}


def _between(older: list[Conformance], newer: list[Conformance]) -> list[tuple[Any, ...]]:
    return [(c.kind.value, c.model_type, c.check, c.before, c.after) for c in conformance_changes(older, newer)]


def test_the_same_examination_twice_is_no_change():
    same = [a_conformance("bert"), a_conformance("gpt2", FORWARD_FAILS)]
    assert _between(same, [a_conformance("bert", days=9), a_conformance("gpt2", FORWARD_FAILS, days=9)]) == []


def test_a_failure_is_told_once_and_not_again_for_what_it_kept_from_being_tried():
    (change,) = conformance_changes([a_conformance()], [a_conformance("bert", FORWARD_FAILS)])
    assert change == ConformanceChange(
        model_type="bert",
        backend="cpu",
        precision=Precision.FP32,
        kind=ChangeKind.REGRESSION,
        check=Check.FORWARD,
        before=WORKS,
        after=FAILS,
        reason=A_REASON,
    )


def test_a_repair_is_told_once_with_the_reason_it_had():
    (change,) = conformance_changes([a_conformance("bert", FORWARD_FAILS)], [a_conformance()])
    assert (change.kind, change.check, change.reason) == (ChangeKind.IMPROVEMENT, Check.FORWARD, A_REASON)


def test_what_fails_now_that_it_can_be_tried_is_told_and_is_no_regression():
    newer = a_conformance("bert", {Check.GENERATE: FAILS})
    assert _between([a_conformance("bert", FORWARD_FAILS)], [newer]) == [
        ("other", "bert", Check.GENERATE, NOT_TRIED, FAILS),
        ("improvement", "bert", Check.FORWARD, FAILS, WORKS),
    ]


def test_less_than_before_is_a_regression_even_where_it_still_works():
    assert _between([a_conformance()], [a_conformance("bert", {Check.FORWARD: PARTIAL})]) == [
        ("regression", "bert", Check.FORWARD, WORKS, PARTIAL)
    ]


def test_a_proof_that_is_lost_is_a_regression():
    assert _between([a_conformance()], [a_conformance("bert", {Check.COST: NOT_TRIED})]) == [
        ("regression", "bert", Check.COST, WORKS, NOT_TRIED)
    ]


def test_a_check_that_comes_to_apply_is_neither_better_nor_worse():
    older = [a_conformance("bert", {Check.GENERATE: NOT_APPLICABLE})]
    assert _between(older, [a_conformance()]) == [("other", "bert", Check.GENERATE, NOT_APPLICABLE, WORKS)]


@pytest.mark.parametrize("before", [NOT_TRIED, Verdict.UNAVAILABLE])
def test_what_could_not_be_tried_and_turns_out_to_apply_to_nothing_is_no_change(before: Verdict):
    older = [a_conformance("bert", {Check.COST: before})]
    assert _between(older, [a_conformance("bert", {Check.COST: NOT_APPLICABLE})]) == []


def test_regressions_stand_first_then_names():
    older = [a_conformance("a", FORWARD_FAILS), a_conformance("b"), a_conformance("c"), a_conformance("gone")]
    newer = [a_conformance("a"), a_conformance("b", FORWARD_FAILS), a_conformance("c", FORWARD_FAILS)]
    assert _between(older, [*newer, a_conformance("new", FORWARD_FAILS)]) == [
        ("regression", "b", Check.FORWARD, WORKS, FAILS),
        ("regression", "c", Check.FORWARD, WORKS, FAILS),
        ("gone", "gone", None, WORKS, None),
        ("improvement", "a", Check.FORWARD, FAILS, WORKS),
        ("added", "new", None, None, FAILS),
    ]


def test_a_way_that_one_version_was_never_examined_on_is_not_compared():
    older = [a_conformance("bert"), a_conformance("bert", backend="cuda")]
    assert _between(older, [a_conformance("bert"), a_conformance("bert", precision=Precision.BF16)]) == []


def test_a_check_that_one_version_does_not_know_is_not_compared():
    older = a_conformance(outcomes=some_outcomes()[:3])
    assert _between([older], [a_conformance()]) == []
