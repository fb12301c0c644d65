"""What works in one library version and not in another, check by check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.domain.case import Precision
from engine.domain.conformance import Check, CheckOutcome, Conformance, Verdict


class ChangeKind(StrEnum):
    """In the order of how much they matter."""

    REGRESSION = "regression"
    """A check ended better before."""
    GONE = "gone"
    """The type was examined before and is not any more: removed, renamed, or not reached yet."""
    OTHER = "other"
    """Neither better nor worse: what was not tried now fails, or a check applies that did not before."""
    IMPROVEMENT = "improvement"
    ADDED = "added"
    """The type was not examined before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceChange:
    model_type: str
    backend: str
    precision: Precision
    kind: ChangeKind
    check: Check | None
    """None for a type that is in one version only: the verdicts are then those of the type as a whole."""
    before: Verdict | None
    after: Verdict | None
    reason: str | None
    """As given after the change; as given before where only that one is of interest."""


_WORTH = {Verdict.WORKS: 3, Verdict.PARTIAL: 2, Verdict.FAILS: 1, Verdict.UNAVAILABLE: 1, Verdict.NOT_TRIED: 1}
"""Higher is better; what was not tried or not available is as good as a failure to whoever wants to use it."""

_Key = tuple[str, str, Precision]


def conformance_changes(older: Sequence[Conformance], newer: Sequence[Conformance]) -> list[ConformanceChange]:
    """Regressions first, then by name. Each list holds one examination per type, backend and precision.

    Only causes are told: checks that were not tried because an earlier one got worse, or that could be tried because
    an earlier one got better, are left out. Nothing is told of a backend and precision that one list lacks altogether.
    """
    before = {_key(one): one for one in older}
    after = {_key(one): one for one in newer}
    compared = {key[1:] for key in before} & {key[1:] for key in after}
    changes: list[ConformanceChange] = []
    for key in sorted(before.keys() | after.keys()):
        if key[1:] not in compared:
            continue
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None:
            changes += _changes_of(key, was, now)
        elif was is not None:
            changes.append(_change(key, ChangeKind.GONE, None, was.verdict, None, None))
        elif now is not None:
            changes.append(_change(key, ChangeKind.ADDED, None, None, now.verdict, _reason(now)))
    order = list(ChangeKind)
    return sorted(changes, key=lambda change: order.index(change.kind))


def _changes_of(key: _Key, was: Conformance, now: Conformance) -> Iterator[ConformanceChange]:
    earlier = {outcome.check: outcome for outcome in was.outcomes}
    got_worse = got_better = False
    for outcome in now.outcomes:
        previous = earlier.get(outcome.check)
        if previous is None or previous.verdict is outcome.verdict:
            continue
        kind = _kind(previous.verdict, outcome.verdict)
        is_consequence = (got_worse and outcome.verdict is Verdict.NOT_TRIED) or (
            got_better and previous.verdict is Verdict.NOT_TRIED and outcome.verdict is Verdict.WORKS
        )
        got_worse = got_worse or kind is ChangeKind.REGRESSION
        got_better = got_better or kind is ChangeKind.IMPROVEMENT
        if not is_consequence and not _is_idle(previous.verdict, outcome.verdict):
            yield _change(key, kind, outcome.check, previous.verdict, outcome.verdict, _told(previous, outcome))


def _kind(before: Verdict, after: Verdict) -> ChangeKind:
    if Verdict.NOT_APPLICABLE in (before, after):
        return ChangeKind.OTHER
    difference = _WORTH[after] - _WORTH[before]
    if difference == 0:
        return ChangeKind.OTHER
    return ChangeKind.IMPROVEMENT if difference > 0 else ChangeKind.REGRESSION


def _is_idle(before: Verdict, after: Verdict) -> bool:
    """Whether nothing was learned: what failed or applied to nothing is now not tried, or could not be tried before
    and applies to nothing."""
    if after is Verdict.NOT_APPLICABLE:
        return before in (Verdict.UNAVAILABLE, Verdict.NOT_TRIED)
    return after is Verdict.NOT_TRIED and before in (Verdict.FAILS, Verdict.UNAVAILABLE, Verdict.NOT_APPLICABLE)


def _told(previous: CheckOutcome, outcome: CheckOutcome) -> str | None:
    return outcome.reason if outcome.verdict is not Verdict.WORKS else previous.reason


def _reason(conformance: Conformance) -> str | None:
    return next((found.reason for found in conformance.outcomes if found.verdict is conformance.verdict), None)


def _change(
    key: _Key,
    kind: ChangeKind,
    check: Check | None,
    before: Verdict | None,
    after: Verdict | None,
    reason: str | None,
) -> ConformanceChange:
    return ConformanceChange(
        model_type=key[0],
        backend=key[1],
        precision=key[2],
        kind=kind,
        check=check,
        before=before,
        after=after,
        reason=reason,
    )


def _key(conformance: Conformance) -> _Key:
    return conformance.model_type, conformance.backend, conformance.precision
