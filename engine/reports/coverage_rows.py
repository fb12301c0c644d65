"""Coverage as plain rows: what the command line prints and what the page hands out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.domain.conformance import Check, CheckOutcome
from engine.domain.coverage import CoverageEntry

Row = dict[str, Any]

_FACTS = ("seconds", "flops", "bytes_moved", "peak_rss_bytes")
_SOURCE = ("library", "library_version", "torch_version", "environment", "examined_at")
COLUMNS: tuple[str, ...] = (
    *("model_type", "family", "backend", "precision", "verdict"),
    *(check.value for check in Check),
    "reason",
    *_FACTS,
    *_SOURCE,
)
"""Of the flat form, for CSV and Markdown."""


def coverage_row(entry: CoverageEntry, *, with_detail: bool = False) -> Row:
    """One entry in SI units; `checks` holds each check's verdict and reason, None for all of a type never examined."""
    found = entry.conformance
    return {
        "model_type": entry.model_type,
        "family": entry.family.value,
        "backend": entry.backend,
        "precision": entry.precision.value,
        "verdict": entry.verdict.value,
        "reason": entry.first_reason,
        "checks": {check.value: _check(entry.outcome(check), with_detail) for check in Check},
        **{name: getattr(found, name, None) for name in _FACTS},
        "library": None if found is None else found.library,
        "library_version": None if found is None else found.library_version,
        "torch_version": None if found is None else found.torch_version,
        "environment": None if found is None else found.environment_id,
        "examined_at": None if found is None else found.examined_at.isoformat(),
    }


def flat_row(row: Mapping[str, Any]) -> list[Any]:
    """The values of `COLUMNS`: of each check its verdict alone."""
    verdicts = {name: None if found is None else found["verdict"] for name, found in row["checks"].items()}
    return [verdicts[name] if name in verdicts else row[name] for name in COLUMNS]


def _check(outcome: CheckOutcome | None, with_detail: bool) -> Row | None:
    if outcome is None:
        return None
    row: Row = {"verdict": outcome.verdict.value, "reason": outcome.reason, "seconds": outcome.seconds}
    return row | {"detail": outcome.detail} if with_detail else row
