"""Outcomes of skillset tests for tests that make none."""

from __future__ import annotations

from typing import Any

from engine.domain.conformance import Check
from engine.domain.skillset_suite import (
    SUITES,
    Quantity,
    SkillsetSuite,
    SuiteCheck,
    SuiteCheckOutcome,
    SuiteOutcome,
    SuiteVerdict,
    Unit,
)
from tests.builders import A_TIME, AN_ENVIRONMENT_ID

A_QUANTITY = Quantity(name="pass_peak", value=1572864.0, unit=Unit.BYTES)


def a_check_outcome(
    check: SuiteCheck = Check.FORWARD, verdict: SuiteVerdict = SuiteVerdict.PASSED, **changes: Any
) -> SuiteCheckOutcome:
    """With a reason unless it passed."""
    values: dict[str, Any] = {"check": check, "verdict": verdict, "seconds": 0.25}
    if verdict is not SuiteVerdict.PASSED:
        values["reason"] = f"{check.value} came to nothing."
    return SuiteCheckOutcome(**(values | changes))


def a_suite_outcome(
    suite: SkillsetSuite = SkillsetSuite.BASIC, ends: dict[SuiteCheck, SuiteVerdict] | None = None, **changes: Any
) -> SuiteOutcome:
    """Every check passed but those in `ends`."""
    ends = ends or {}
    values: dict[str, Any] = {
        "model_type": "bert",
        "suite": suite,
        "outcomes": tuple(a_check_outcome(check, ends.get(check, SuiteVerdict.PASSED)) for check in SUITES[suite]),
        "path": "/home/skillsets/hf_bert.py",
        "checksum": "c" * 64,
        "processes": 1,
        "seconds": 2.5,
        "environment_id": AN_ENVIRONMENT_ID,
        "started_at": A_TIME,
    }
    return SuiteOutcome(**(values | changes))
