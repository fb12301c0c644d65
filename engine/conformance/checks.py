"""Every check: what it needs to have passed, and the function that makes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from engine.conformance.basics import check_construct, check_finite, check_forward, check_import
from engine.conformance.batch import check_batch
from engine.conformance.cost import check_cost
from engine.conformance.determinism import check_deterministic
from engine.conformance.finding import Finding
from engine.conformance.generation import check_generate
from engine.conformance.round_trip import check_round_trip
from engine.conformance.subject import Subject
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict

CHECKS: Mapping[Check, Callable[[Subject], Finding]] = {
    Check.IMPORT: check_import,
    Check.CONSTRUCT: check_construct,
    Check.FORWARD: check_forward,
    Check.FINITE: check_finite,
    Check.DETERMINISTIC: check_deterministic,
    Check.BATCH: check_batch,
    Check.ROUND_TRIP: check_round_trip,
    Check.GENERATE: check_generate,
    Check.COST: check_cost,
}

NEEDS: Mapping[Check, tuple[Check, ...]] = {
    Check.CONSTRUCT: (Check.IMPORT,),
    Check.FORWARD: (Check.CONSTRUCT,),
    Check.FINITE: (Check.FORWARD,),
    Check.DETERMINISTIC: (Check.FORWARD,),
    # Outputs that change by themselves, or that are no numbers, say nothing when they are compared.
    Check.BATCH: (Check.FINITE, Check.DETERMINISTIC),
    Check.ROUND_TRIP: (Check.DETERMINISTIC,),
    Check.GENERATE: (Check.FORWARD,),
    Check.COST: (Check.FORWARD,),
}

GOOD = (Verdict.WORKS, Verdict.PARTIAL)
"""Verdicts on which other checks may build."""

AT_LOWER_PRECISION = (Check.IMPORT, Check.CONSTRUCT, Check.FORWARD, Check.FINITE)


def checks_at(precision: Precision) -> tuple[Check, ...]:
    """What is asked at a precision: all at full precision, whether it runs soundly at a lower one."""
    return tuple(Check) if precision is Precision.FP32 else AT_LOWER_PRECISION


def with_needs(checks: Collection[Check]) -> tuple[Check, ...]:
    """These checks and all that they need, in order."""
    wanted = set(checks)
    for check in reversed(tuple(Check)):
        if check in wanted:
            wanted.update(NEEDS.get(check, ()))
    return tuple(check for check in Check if check in wanted)
