"""Examinations in lines, in a table and in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.cli.output import print_rows
from engine.domain.conformance import CheckOutcome, Conformance, Verdict
from engine.formatting import format_duration

_SLOWEST = 3
_ENOUGH = 5
"""Examinations that must have ended before what is left is estimated from them."""
_SPREAD = 0.25
"""Share by which those to come may be slower or faster than those before: the slow ones come as they come."""


def print_conformance(found: Sequence[Conformance]) -> None:
    rows = (
        (
            each.model_type,
            each.precision.value,
            each.verdict.value,
            _passed(each),
            format_duration(each.seconds),
            _reason(each),
        )
        for each in found
    )
    print_rows(("Model", "Precision", "Verdict", "Checks", "Time", "Reason"), rows, "table", numeric=("Checks", "Time"))


def line_of(found: Conformance) -> str:
    """One examination for a log."""
    reason = _reason(found)
    outcome = f"{found.model_type} {found.precision.value} {found.verdict.value} in {format_duration(found.seconds)}"
    return f"{outcome}: {reason}" if reason else outcome


def summary_of(found: Sequence[Conformance], seconds: float) -> str:
    """How many ended how, and which took longest."""
    if not found:
        return "Nothing was examined."
    counts = Counter(each.verdict for each in found)
    told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    slowest = sorted(found, key=lambda each: each.seconds, reverse=True)[:_SLOWEST]
    longest = ", ".join(f"{each.model_type} {format_duration(each.seconds)}" for each in slowest)
    return f"{len(found)} examined in {format_duration(seconds)}: {told}. Slowest: {longest}."


def remaining_seconds(elapsed: float, ended: int, total: int) -> tuple[float, float] | None:
    """The range in which the rest should end, from the pace so far; None while too few have ended."""
    if ended < min(_ENOUGH, total):
        return None
    left = elapsed / ended * (total - ended) if ended else 0.0
    return left * (1 - _SPREAD), left * (1 + _SPREAD)


def _passed(found: Conformance) -> str:
    """How many of the checks that could be made came out well."""
    made = [outcome for outcome in found.outcomes if outcome.verdict in _MADE]
    good = sum(outcome.verdict is not Verdict.FAILS for outcome in made)
    return f"{good}/{len(made)}"


_MADE = (Verdict.WORKS, Verdict.PARTIAL, Verdict.FAILS)


def _reason(found: Conformance) -> str | None:
    """Of the outcome that decided the verdict; with the check's name where it is a failure."""
    deciding = next((outcome for outcome in found.outcomes if outcome.verdict is found.verdict), None)
    return None if deciding is None else _told(deciding)


def _told(outcome: CheckOutcome) -> str | None:
    if outcome.verdict is Verdict.WORKS:
        return None
    return f"{outcome.check.value}: {outcome.reason}" if outcome.verdict is Verdict.FAILS else outcome.reason
