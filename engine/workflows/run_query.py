"""A user's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        "rows": [list(row) for row in table.rows],
        "truncated": table.truncated,
        "seconds": round(table.seconds, 4),
    }
