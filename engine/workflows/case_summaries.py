"""One summary per case from what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analysis.summarise import summarise
from engine.domain.result import ResultFilter
from engine.domain.summary import CaseSummary
from engine.storage import environments, results, runs

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def case_summaries(workbench: Workbench, wanted: ResultFilter) -> list[CaseSummary]:
    """Summaries of the results that `wanted` describes, newest first; computed once per state of the database."""
    writes = workbench.database.writes
    return list(workbench.memo.get(("case_summaries", wanted), writes, lambda: _summaries(workbench, wanted)))


def _summaries(workbench: Workbench, wanted: ResultFilter) -> tuple[CaseSummary, ...]:
    with workbench.database.cursor() as cursor:
        found = results.find(cursor, wanted)
        known = {environment.environment_id: environment for environment in environments.all_environments(cursor)}
        partial = runs.uncompleted(cursor)
    return tuple(summarise(found, known, partial_runs=partial))
