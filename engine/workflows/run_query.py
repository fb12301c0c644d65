"""A user's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.storage import sandbox

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def run_query(workbench: Workbench, sql: str, *, client: str = "") -> sandbox.QueryTable:
    """Run one SELECT on a copy of the data, in the sandbox. Raises QueryRefused, QueryFailed or TooManyQueries.

    `client` tells whose query it is: each may run fewer at once than all together.
    """
    return sandbox.run_query(workbench.database, sql, client=client)
