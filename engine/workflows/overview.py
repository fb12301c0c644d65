"""Where everything stands, in one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.contract.overview import Overview
from engine.domain.result import ResultFilter
from engine.domain.run import RunStatus
from engine.storage import results, runs, skillsets
from engine.workflows.case_rows import case_row
from engine.workflows.case_summaries import case_summaries

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

NEWEST = 20
"""How many of the cases measured last are told."""


def overview(workbench: Workbench) -> Overview:
    """Counts are of the whole database; runs under way are counted as they are now."""
    live = {progress.run.run_id: progress.run.status for progress in workbench.supervisor.active()}
    with workbench.database.cursor() as cursor:
        counts = {status: runs.count(cursor, statuses=[status]) for status in RunStatus if status.is_final}
        stored = results.count(cursor, ResultFilter())
        generated = len(skillsets.latest(cursor))
    for status in live.values():
        counts[status] = counts.get(status, 0) + 1
    summaries = case_summaries(workbench, ResultFilter())
    types = workbench.catalog.types.values()
    return {
        "environment": workbench.environment.environment_id,
        "machine": workbench.environment.label,
        "results": stored,
        "cases": len({(summary.case.case_id, summary.environment_id) for summary in summaries}),
        "models_known": len(types),
        "models_runnable": sum(1 for model in types if model.runnable),
        "models_measured": len({summary.case.model_type for summary in summaries if summary.completed}),
        "skillsets": generated,
        "runs": [{"status": status.value, "count": count} for status, count in counts.items() if count],
        "active_runs": list(live),
        "active_operations": [found.operation.operation_id for found in workbench.operations.active()],
        "newest": [case_row(summary) for summary in summaries[:NEWEST]],
    }
