"""Builders of examinations: name only what the test is about, the rest is plausible and constant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.domain.case import Precision
from engine.domain.conformance import Check, CheckOutcome, Conformance, Verdict
from tests.builders import A_TIME, AN_ENVIRONMENT_ID

A_TRACEBACK = (
    'Traceback (most recent call last):\n  File "hf_bert.py", line 61, in forward\n    return model(**inputs)\n'
    "RuntimeError: shapes (2, 8) and (4, 16) cannot be multiplied"
)
A_REASON = "RuntimeError: shapes (2, 8) and (4, 16) cannot be multiplied."

_REASONS = {
    Verdict.PARTIAL: "It runs without pixel_values: the recipe finds no image of a size that it accepts.",
    Verdict.FAILS: A_REASON,
    Verdict.UNAVAILABLE: "The package timm is not installed; pip install timm.",
    Verdict.NOT_APPLICABLE: "The architecture has no generate().",
    Verdict.NOT_TRIED: "An earlier check failed.",
}


def an_outcome(check: Check = Check.FORWARD, verdict: Verdict = Verdict.WORKS, **changes: Any) -> CheckOutcome:
    """A failure has its reason and traceback, everything else that does not work its reason."""
    values: dict[str, Any] = {
        "check": check,
        "verdict": verdict,
        "reason": _REASONS.get(verdict),
        "detail": A_TRACEBACK if verdict is Verdict.FAILS else None,
        "seconds": 0.2 if verdict in (Verdict.WORKS, Verdict.PARTIAL, Verdict.FAILS) else None,
    }
    return CheckOutcome(**(values | changes))


def some_outcomes(ends: Mapping[Check, Verdict] | None = None) -> tuple[CheckOutcome, ...]:
    """One for each check: as `ends` says, not tried after the first that fails or is unavailable, else it works."""
    ends = ends or {}
    outcomes: list[CheckOutcome] = []
    stopped = False
    for check in Check:
        verdict = ends.get(check, Verdict.NOT_TRIED if stopped else Verdict.WORKS)
        stopped = stopped or verdict in (Verdict.FAILS, Verdict.UNAVAILABLE)
        outcomes.append(an_outcome(check, verdict))
    return tuple(outcomes)


def a_conformance(
    model_type: str = "bert", ends: Mapping[Check, Verdict] | None = None, *, days: float = 0, **changes: Any
) -> Conformance:
    """`days` after A_TIME; `ends` as in `some_outcomes`."""
    outcomes = changes.get("outcomes", some_outcomes(ends))
    ran = any(found.check is Check.FORWARD and found.verdict is Verdict.WORKS for found in outcomes)
    values: dict[str, Any] = {
        "model_type": model_type,
        "backend": "cpu",
        "precision": Precision.FP32,
        "outcomes": outcomes,
        "flops": 1_835_008 if ran else None,
        "bytes_moved": 412_672 if ran else None,
        "peak_rss_bytes": 391 * 2**20,
        "seconds": 2.5,
        "checksum": "0" * 64,
        "environment_id": AN_ENVIRONMENT_ID,
        "library": "transformers",
        "library_version": "5.23.0",
        "torch_version": "2.13.0",
        "examined_at": A_TIME + timedelta(days=days),
    }
    return Conformance(**(values | changes))
