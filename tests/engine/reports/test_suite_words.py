from __future__ import annotations

import json

from engine.domain.conformance import Check
from engine.domain.skillset_suite import Quantity, SkillsetSuite, SuiteVerdict, Trial, Unit
from engine.reports.suite_rows import suite_row
from engine.reports.suite_words import SUITE_CHECK_MEANINGS, SUITE_CHECK_TITLES, quantity_words, suite_words
from tests.suite_builders import A_QUANTITY, a_check_outcome, a_suite_outcome


def test_every_check_has_a_title_and_a_meaning():
    assert set(SUITE_CHECK_TITLES) == set(SUITE_CHECK_MEANINGS) == {*Check, *Trial}
    assert len(set(SUITE_CHECK_TITLES.values())) == len(SUITE_CHECK_TITLES)


def test_a_suite_is_a_sentence():
    ends = {Check.FORWARD: SuiteVerdict.FAILED, Trial.KILLED: SuiteVerdict.NOT_TRIED}
    outcome = a_suite_outcome(SkillsetSuite.FAULT_TOLERANCE, ends)
    assert suite_words(outcome) == "bert fault tolerance: failed in 2.5 s, 16 passed, 1 failed, 1 not tried"


def test_figures_have_their_unit():
    assert quantity_words(A_QUANTITY) == "pass peak 1.50 MiB"
    assert quantity_words(Quantity(name="late", value=0.05, unit=Unit.SECONDS)) == "late 50.0 ms"
    assert quantity_words(Quantity(name="peak_per_weights", value=2.345, unit=Unit.COUNT)) == "peak per weights 2.35"


def test_a_row_is_plain_and_whole():
    outcome = a_suite_outcome(outcomes=(a_check_outcome(measured=(A_QUANTITY,)),))
    row = suite_row(outcome)
    assert json.loads(json.dumps(row)) == row
    assert row["counts"] == {"passed": 1, "failed": 0, "not_applicable": 0, "not_tried": 0, "error": 0}
    assert (row["model_type"], row["suite"], row["verdict"]) == ("bert", "basic", "passed")
    assert row["checks"] == [
        {
            "name": "forward",
            "verdict": "passed",
            "reason": None,
            "detail": None,
            "seconds": 0.25,
            "measured": [{"name": "pass_peak", "value": 1572864.0, "unit": "B"}],
        }
    ]
