"""What is said of a type that has no module."""

from __future__ import annotations

from engine.conformance.outcomes import none_tried
from engine.domain.conformance import Check, Verdict


def test_a_type_that_nothing_ran_fails_where_it_failed():
    outcomes = {outcome.check: outcome for outcome in none_tried("It does not fit.", is_failure=True)}
    assert (outcomes[Check.FORWARD].verdict, outcomes[Check.FORWARD].reason) == (Verdict.FAILS, "It does not fit.")
    assert {outcomes[check].verdict for check in Check if check is not Check.FORWARD} == {Verdict.NOT_TRIED}


def test_a_type_that_cannot_be_tried_here_is_unavailable():
    first, *others = none_tried("It needs natten.")
    assert (first.check, first.verdict, first.reason) == (Check.IMPORT, Verdict.UNAVAILABLE, "It needs natten.")
    assert {outcome.verdict for outcome in others} == {Verdict.NOT_TRIED}
