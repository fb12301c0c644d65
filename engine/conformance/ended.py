"""How one check of an examination or a suite ended, as its process wrote it down."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.conformance import Verdict
from engine.domain.skillset_suite import Quantity, SuiteCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    check: SuiteCheck
    verdict: Verdict
    reason: str | None = None
    """One sentence; None when it works."""
    detail: str | None = None
    seconds: float | None = None
    """None where it was not tried."""
    measured: tuple[Quantity, ...] = ()
