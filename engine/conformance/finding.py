"""How one check ended, as the check itself says it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.conformance import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    verdict: Verdict
    reason: str | None = None
    """One sentence; None when it works."""
    detail: str | None = None
    """What was compared and what was not, where that is not obvious."""


WORKS = Finding(verdict=Verdict.WORKS)


def works(detail: str) -> Finding:
    return Finding(verdict=Verdict.WORKS, detail=detail)


def partial(reason: str) -> Finding:
    return Finding(verdict=Verdict.PARTIAL, reason=reason)


def fails(reason: str) -> Finding:
    return Finding(verdict=Verdict.FAILS, reason=reason)


def unavailable(reason: str) -> Finding:
    return Finding(verdict=Verdict.UNAVAILABLE, reason=reason)


def not_applicable(reason: str) -> Finding:
    return Finding(verdict=Verdict.NOT_APPLICABLE, reason=reason)
