"""A user's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.storage import sandbox

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def run_query(workbench: Workbench, sql: str) -> sandbox.QueryTable:
    """Run one SELECT on a copy of the data, in the sandbox. Raises QueryRefused or QueryFailed."""
    return sandbox.run_query(workbench.database, sql)
