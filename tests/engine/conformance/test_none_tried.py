"""What is said of a type that has no module."""

from __future__ import annotations

from engine.conformance.outcomes import none_tried
from engine.domain.conformance import Check, Verdict
from tests.conformance_builders import a_conformance


def test_a_type_that_nothing_ran_fails_where_it_failed():
    outcomes = {outcome.check: outcome for outcome in none_tried("It does not fit.", Verdict.FAILS)}
    assert (outcomes[Check.FORWARD].verdict, outcomes[Check.FORWARD].reason) == (Verdict.FAILS, "It does not fit.")
    assert {outcomes[check].verdict for check in Check if check is not Check.FORWARD} == {Verdict.NOT_TRIED}


def test_a_type_that_cannot_be_tried_here_is_unavailable():
    first, *others = none_tried("It needs natten.")
    assert (first.check, first.verdict, first.reason) == (Check.IMPORT, Verdict.UNAVAILABLE, "It needs natten.")
    assert {outcome.verdict for outcome in others} == {Verdict.NOT_TRIED}


def test_of_a_type_that_has_nothing_to_run_alone_no_check_applies():
    outcomes = none_tried("A part of clip.", Verdict.NOT_APPLICABLE)
    assert [outcome.check for outcome in outcomes] == list(Check)
    assert {(outcome.verdict, outcome.reason) for outcome in outcomes} == {(Verdict.NOT_APPLICABLE, "A part of clip.")}
    assert a_conformance(outcomes=outcomes).verdict is Verdict.NOT_APPLICABLE
