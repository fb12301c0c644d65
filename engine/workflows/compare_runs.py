"""Two runs, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analysis.compare import ComparedCase, compare_cases
from engine.domain.measurement import Metric
from engine.domain.result import ResultFilter
from engine.storage import runs
from engine.workflows.case_summaries import case_summaries

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def compare_runs(
    workbench: Workbench, base_run_id: str, new_run_id: str, metric: Metric = Metric.LATENCY
) -> list[ComparedCase]:
    """The cases that both runs measured, biggest change first. Runs are named by id or number; raises NotFound."""
    with workbench.database.cursor() as cursor:
        base, new = runs.get(cursor, base_run_id), runs.get(cursor, new_run_id)
    return compare_cases(
        metric,
        case_summaries(workbench, ResultFilter(run_id=base.run_id)),
        case_summaries(workbench, ResultFilter(run_id=new.run_id)),
    )
