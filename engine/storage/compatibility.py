"""What works where, derived from results each time it is asked for, so it can never disagree with them."""

from __future__ import annotations

from typing import Any

from duckdb import DuckDBPyConnection

from engine.domain.case import Precision
from engine.domain.compatibility import Compatibility, CompatibilityOutcome
from engine.storage.values import time_of

_SELECT = """
    select model_type, backend, precision, environment_id, outcome, reason, run_id, epoch_us(observed_at)
    from compatibility
    where $environment_id is null or environment_id = $environment_id
    order by model_type, backend, precision, environment_id
"""


def load(cursor: DuckDBPyConnection, environment_id: str | None = None) -> list[Compatibility]:
    """Every combination tried in the environment, or anywhere when None; simulated results say nothing."""
    return [_compatibility(row) for row in cursor.execute(_SELECT, {"environment_id": environment_id}).fetchall()]


def _compatibility(row: tuple[Any, ...]) -> Compatibility:
    return Compatibility(
        model_type=row[0],
        backend=row[1],
        precision=Precision(row[2]),
        environment_id=row[3],
        outcome=CompatibilityOutcome(row[4]),
        reason=row[5],
        run_id=row[6],
        observed_at=time_of(row[7]),
    )
