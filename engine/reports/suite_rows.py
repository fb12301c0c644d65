"""The outcome of a skillset's tests as rows for JSON: alike from the command line, the server and the database."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.contract.skillset_tests import QuantityRow, SuiteCheckRow, SuiteRow
from engine.domain.skillset_suite import (
    Quantity,
    SkillsetSuite,
    SuiteCheckOutcome,
    SuiteOutcome,
    SuiteVerdict,
    Unit,
    suite_check_of,
)


def suite_row(outcome: SuiteOutcome) -> SuiteRow:
    """All of it; times as ISO 8601, figures in SI units with the unit beside them."""
    return {
        "model_type": outcome.model_type,
        "suite": outcome.suite,
        "verdict": outcome.verdict,
        "reason": None,
        "counts": {verdict.value: outcome.count(verdict) for verdict in SuiteVerdict},
        "seconds": round(outcome.seconds, 3),
        "processes": outcome.processes,
        "path": outcome.path,
        "checksum": outcome.checksum,
        "environment_id": outcome.environment_id,
        "started_at": outcome.started_at.isoformat(),
        "checks": [check_row(each) for each in outcome.outcomes],
    }


def refused_row(model_type: str, suite: SkillsetSuite, reason: str, environment_id: str, seconds: float) -> SuiteRow:
    """A type of which no skillset could be made: nothing was tried."""
    return {
        "model_type": model_type,
        "suite": suite,
        "verdict": SuiteVerdict.ERROR,
        "reason": reason,
        "counts": {verdict.value: 0 for verdict in SuiteVerdict},
        "seconds": round(seconds, 3),
        "processes": 0,
        "path": None,
        "checksum": None,
        "environment_id": environment_id,
        "started_at": datetime.now(UTC).isoformat(),
        "checks": [],
    }


def check_row(outcome: SuiteCheckOutcome) -> SuiteCheckRow:
    return {
        "name": outcome.check.value,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "seconds": None if outcome.seconds is None else round(outcome.seconds, 4),
        "measured": [_quantity(each) for each in outcome.measured],
    }


def outcome_of_row(row: SuiteRow) -> SuiteOutcome:
    """What `suite_row` made, as a server answered it; one that was refused has no outcome (see its reason)."""
    return SuiteOutcome(
        model_type=row["model_type"],
        suite=SkillsetSuite(row["suite"]),
        outcomes=tuple(_check_of(each) for each in row["checks"]),
        path=row["path"] or "",
        checksum=row["checksum"] or "",
        processes=row["processes"],
        seconds=row["seconds"],
        environment_id=row["environment_id"],
        started_at=datetime.fromisoformat(row["started_at"]),
    )


def _check_of(row: SuiteCheckRow) -> SuiteCheckOutcome:
    return SuiteCheckOutcome(
        check=suite_check_of(row["name"]),
        verdict=SuiteVerdict(row["verdict"]),
        reason=row["reason"],
        detail=row["detail"],
        seconds=row["seconds"],
        measured=tuple(Quantity(name=q["name"], value=q["value"], unit=Unit(q["unit"])) for q in row["measured"]),
    )


def _quantity(quantity: Quantity) -> QuantityRow:
    return {"name": quantity.name, "value": quantity.value, "unit": quantity.unit}
