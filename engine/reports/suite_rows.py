"""The outcome of a skillset's tests as rows for JSON: alike from the command line, the server and the database."""

from __future__ import annotations

from typing import Any

from engine.domain.skillset_suite import Quantity, SuiteCheckOutcome, SuiteOutcome, SuiteVerdict

Row = dict[str, Any]


def suite_row(outcome: SuiteOutcome) -> Row:
    """All of it; times as ISO 8601, figures in SI units with the unit beside them."""
    return {
        "model_type": outcome.model_type,
        "suite": outcome.suite.value,
        "verdict": outcome.verdict.value,
        "counts": {verdict.value: outcome.count(verdict) for verdict in SuiteVerdict},
        "seconds": round(outcome.seconds, 3),
        "processes": outcome.processes,
        "path": outcome.path,
        "checksum": outcome.checksum,
        "environment_id": outcome.environment_id,
        "started_at": outcome.started_at.isoformat(),
        "checks": [check_row(each) for each in outcome.outcomes],
    }


def check_row(outcome: SuiteCheckOutcome) -> Row:
    return {
        "name": outcome.check.value,
        "verdict": outcome.verdict.value,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "seconds": None if outcome.seconds is None else round(outcome.seconds, 4),
        "measured": [_quantity(each) for each in outcome.measured],
    }


def _quantity(quantity: Quantity) -> Row:
    return {"name": quantity.name, "value": quantity.value, "unit": quantity.unit.value}
