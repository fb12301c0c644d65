from __future__ import annotations

import pytest

from engine.domain.conformance import Check
from engine.domain.skillset_suite import SUITES, SkillsetSuite, SuiteVerdict, Trial, suite_check_of
from tests.suite_builders import a_suite_outcome


def test_names_of_checks_and_trials_are_all_different():
    names = [each.value for each in (*Check, *Trial)]
    assert len(set(names)) == len(names)
    assert [suite_check_of(name) for name in names] == [*Check, *Trial]
    with pytest.raises(ValueError, match="no_such_check"):
        suite_check_of("no_such_check")


def test_the_larger_suite_holds_the_smaller_one():
    assert set(SUITES[SkillsetSuite.BASIC]) < set(SUITES[SkillsetSuite.COMPREHENSIVE])


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ({}, SuiteVerdict.PASSED),
        ({Check.FINITE: SuiteVerdict.NOT_APPLICABLE}, SuiteVerdict.PASSED),
        ({Check.IMPORT: SuiteVerdict.ERROR, Check.FORWARD: SuiteVerdict.NOT_TRIED}, SuiteVerdict.ERROR),
        ({Check.FORWARD: SuiteVerdict.FAILED, Check.IMPORT: SuiteVerdict.ERROR}, SuiteVerdict.FAILED),
        (dict.fromkeys(Check, SuiteVerdict.NOT_APPLICABLE), SuiteVerdict.NOT_APPLICABLE),
    ],
)
def test_the_worst_check_decides(ends, verdict):
    assert a_suite_outcome(ends=ends).verdict is verdict


def test_checks_are_counted_by_verdict():
    outcome = a_suite_outcome(ends={Check.FORWARD: SuiteVerdict.FAILED, Check.FINITE: SuiteVerdict.NOT_TRIED})
    counts = {verdict.value: outcome.count(verdict) for verdict in SuiteVerdict}
    assert counts == {"passed": 2, "failed": 1, "not_applicable": 0, "not_tried": 1, "error": 0}
