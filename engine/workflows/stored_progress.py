"""How far a run came, as far as storage knows."""

from __future__ import annotations

from engine.domain.result import ResultStatus
from engine.domain.run import Plan, RunProgress
from engine.errors import NotFound
from engine.storage import results, runs
from engine.storage.database import Database
from engine.workflows.live_run import case_rows

FINISHED = (ResultStatus.COMPLETED, ResultStatus.FAILED, ResultStatus.SKIPPED)
"""Outcomes that a resumed run does not try again."""


def stored_progress(database: Database, run_id: str) -> RunProgress:
    """The snapshot of a run that no thread carries; raises NotFound."""
    with database.cursor() as cursor:
        run = runs.get(cursor, run_id)
        done = results.of_run(cursor, run.run_id)
        try:
            plan = runs.plan(cursor, run.run_id)
        except NotFound:  # it ended before it was planned
            plan = Plan(planned=(), skipped=())
    return RunProgress(
        run=run,
        current_step=run.error or run.status.value.capitalize(),
        elapsed_seconds=run.active_seconds or 0.0,
        remaining_seconds=None,
        cases=tuple(case_rows(plan, done)),
    )
