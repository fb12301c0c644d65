"""How one check ended, as the check itself says it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.conformance import Verdict
from engine.domain.skillset_suite import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    verdict: Verdict
    reason: str | None = None
    """One sentence; None when it works."""
    detail: str | None = None
    """What was compared and what was not, where that is not obvious."""
    measured: tuple[Quantity, ...] = ()


WORKS = Finding(verdict=Verdict.WORKS)


def works(detail: str, *measured: Quantity) -> Finding:
    return Finding(verdict=Verdict.WORKS, detail=detail, measured=measured)


def partial(reason: str) -> Finding:
    return Finding(verdict=Verdict.PARTIAL, reason=reason)


def fails(reason: str, *measured: Quantity, detail: str | None = None) -> Finding:
    return Finding(verdict=Verdict.FAILS, reason=reason, detail=detail, measured=measured)


def unavailable(reason: str) -> Finding:
    return Finding(verdict=Verdict.UNAVAILABLE, reason=reason)


def not_applicable(reason: str) -> Finding:
    return Finding(verdict=Verdict.NOT_APPLICABLE, reason=reason)
