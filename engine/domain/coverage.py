"""How much of the catalogue works: each model type on each way of running it, with its newest examination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.domain.case import Precision
from engine.domain.conformance import Check, CheckOutcome, Conformance, Verdict
from engine.domain.model import Family, Status

_GRAVEST_FIRST = (Verdict.FAILS, Verdict.UNAVAILABLE, Verdict.PARTIAL, Verdict.NOT_TRIED)
_UNTIL_FORWARD = (Check.IMPORT, Check.CONSTRUCT, Check.FORWARD)
_TRIED = (Verdict.WORKS, Verdict.PARTIAL, Verdict.FAILS)


class Obstacle(StrEnum):
    """Why nothing is known of how a type runs."""

    NEEDS_PACKAGE = "needs_package"
    PART = "part"
    """It only runs inside another type."""
    NO_MODEL_CLASS = "no_model_class"
    UNAVAILABLE = "unavailable"
    """It cannot be tried here for another reason, such as a missing device."""
    NOT_APPLICABLE = "not_applicable"
    UNFINISHED = "unfinished"
    """The examination ended before."""
    NEVER_EXAMINED = "never_examined"


_EXPECTED = {
    Status.NEEDS_PACKAGE: Obstacle.NEEDS_PACKAGE,
    Status.PART: Obstacle.PART,
    Status.NO_MODEL_CLASS: Obstacle.NO_MODEL_CLASS,
}
_UNEXAMINED = {
    Status.NEEDS_PACKAGE: Verdict.UNAVAILABLE,
    Status.PART: Verdict.NOT_APPLICABLE,
    Status.NO_MODEL_CLASS: Verdict.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageEntry:
    """One model type on one backend at one precision."""

    model_type: str
    family: Family
    backend: str
    precision: Precision
    conformance: Conformance | None
    """The newest examination; None when there was none."""
    status: Status = Status.UNKNOWN
    """What the catalogue expects of it; an examination of a module knows better."""
    status_reason: str | None = None

    @property
    def _telling(self) -> Conformance | None:
        """The examination, where it tells more than the catalogue: not where no module was, nor was expected."""
        found = self.conformance
        return None if found is not None and found.checksum is None and self.status in _UNEXAMINED else found

    @property
    def verdict(self) -> Verdict:
        """Of the type as a whole; a type that cannot show anything at all is not applicable."""
        found = self._telling
        return _UNEXAMINED.get(self.status, Verdict.NOT_TRIED) if found is None else found.verdict

    @property
    def forward(self) -> Verdict:
        """Whether a forward pass runs, or what stops it before."""
        if self._telling is None:
            return self.verdict
        found = [self.verdict_of(check) for check in _UNTIL_FORWARD]
        return next((bad for bad in _GRAVEST_FIRST if bad in found), found[-1])

    @property
    def obstacle(self) -> Obstacle | None:
        """Why a forward pass was not tried; None where it was."""
        forward = self.forward
        if forward in _TRIED:
            return None
        if self.status in _EXPECTED:
            return _EXPECTED[self.status]
        if self._telling is None:
            return Obstacle.NEVER_EXAMINED
        if forward is Verdict.UNAVAILABLE:
            return Obstacle.NEEDS_PACKAGE if "package" in (self.first_reason or "") else Obstacle.UNAVAILABLE
        return Obstacle.NOT_APPLICABLE if forward is Verdict.NOT_APPLICABLE else Obstacle.UNFINISHED

    @property
    def first_reason(self) -> str | None:
        """Of the first check that ended as the type as a whole; None when it works."""
        found = self._telling
        if found is None:
            return self.status_reason or "Never examined."
        verdict = self.verdict
        if verdict is Verdict.WORKS:
            return None
        reasons = [each.reason for each in found.outcomes if each.verdict is verdict and each.reason]
        return reasons[0] if reasons else None

    def outcome(self, check: Check) -> CheckOutcome | None:
        """How `check` ended; None when it was never begun."""
        if self.conformance is None:
            return None
        return next((found for found in self.conformance.outcomes if found.check is check), None)

    def verdict_of(self, check: Check | None) -> Verdict:
        """Of one check, or of the type as a whole when None."""
        if check is None or self._telling is None:
            return self.verdict
        found = self.outcome(check)
        return Verdict.NOT_TRIED if found is None else found.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFilter:
    """Which entries are wanted; empty or None admits all."""

    model_types: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    """Of `check`, or of the type as a whole when that is None."""
    check: Check | None = None
    backends: tuple[str, ...] = ()
    precisions: tuple[Precision, ...] = ()
    text: str = ""
    """Part of a name, a family or a reason, in any case."""

    def admits(self, entry: CoverageEntry) -> bool:
        return (
            (not self.model_types or entry.model_type in self.model_types)
            and (not self.families or entry.family in self.families)
            and (not self.verdicts or entry.verdict_of(self.check) in self.verdicts)
            and (not self.backends or entry.backend in self.backends)
            and (not self.precisions or entry.precision in self.precisions)
            and (not self.text or self.text.casefold() in _searched(entry))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageCounts:
    """Of the entries of one backend and precision, one per model type."""

    total: int
    overall: Mapping[Verdict, int]
    """Types by their verdict as a whole."""
    forward: Mapping[Verdict, int]
    """Types by whether a forward pass runs."""
    checks: Mapping[Check, Mapping[Verdict, int]]
    obstacles: Mapping[Obstacle, int]
    """Of those whose forward pass was not tried, why."""
    overall_obstacles: Mapping[Obstacle, int]
    """Of those that neither work nor fail as a whole, why."""


def _searched(entry: CoverageEntry) -> str:
    return f"{entry.model_type}\n{entry.family.label}\n{entry.first_reason or ''}".casefold()
