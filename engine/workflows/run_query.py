"""A user's SQL."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from engine.contract.sql import SqlRows
from engine.storage import sandbox

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def run_query(
    workbench: Workbench, sql: str, *, max_rows: int = sandbox.MAX_ROWS, client: str = ""
) -> sandbox.QueryTable:
    """Run one SELECT on a copy of the data, in the sandbox. Raises QueryRefused, QueryFailed or TooManyQueries.

    `client` tells whose query it is: each may run fewer at once than all together.
    """
    return sandbox.run_query(workbench.database, sql, max_rows=max_rows, client=client)


def sql_rows(table: sandbox.QueryTable) -> SqlRows:
    """What is printed and answered."""
    return {
        "columns": list(table.columns),
        "types": list(table.types),
        "rows": [[_as_json(value) for value in row] for row in table.rows],
        "truncated": table.truncated,
        "seconds": round(table.seconds, 4),
    }


def _as_json(value: Any) -> Any:
    """Infinities and what is no number become their text: JSON has no such numbers, and most readers refuse them."""
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    return value
