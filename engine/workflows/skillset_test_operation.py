"""Testing skillsets as an operation of a server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.contract.skillset_tests import SkillsetTestBody
from engine.domain.operation import Outcome
from engine.domain.skillset_suite import SuiteProgress, SuiteVerdict
from engine.errors import SkillsetFailure
from engine.reports.suite_rows import refused_row, suite_row
from engine.workflows.check_skillset import check_skillset
from engine.workflows.live_operation import LiveOperation

if TYPE_CHECKING:
    from engine.workflows.operation_supervisor import Keep
    from engine.workflows.workbench import Workbench

BAD = (SuiteVerdict.FAILED, SuiteVerdict.ERROR)


def skillset_test_operation(workbench: Workbench, request: Mapping[str, Any], live: LiveOperation, keep: Keep) -> None:
    """One outcome for each type; one that no skillset can be made of stops no other.

    Raises Cancelled, UnknownName, LauncherFailure and StorageError.
    """
    asked = SkillsetTestBody.model_validate(request)
    chosen = [model.name for model in workbench.catalog.select(asked.models)]
    live.set_total(len(chosen))
    for name in chosen:
        started = time.monotonic()

        def show(progress: SuiteProgress, name: str = name) -> None:
            live.set_step(step_words(name, progress))

        try:
            outcome = check_skillset(
                workbench,
                name,
                asked.suite,
                seconds=asked.timeout_seconds,
                on_progress=show,
                cancel=live.cancel,
                on_log=live.add_log,
            )
        except SkillsetFailure as refusal:
            seconds = time.monotonic() - started
            row = refused_row(name, asked.suite, refusal.message, workbench.environment.environment_id, seconds)
            keep(Outcome(value=row, is_good=False, seconds=seconds))
        else:
            keep(Outcome(value=suite_row(outcome), is_good=outcome.verdict not in BAD, seconds=outcome.seconds))


def step_words(model_type: str, progress: SuiteProgress) -> str:
    """What is under way of one type; between two processes, and after the last, that is no check."""
    if not progress.total:
        return f"{model_type}: {progress.step}"
    if not progress.step:
        return f"{model_type}: {progress.done} of {progress.total} checks made"
    return f"{model_type}: {progress.step} ({min(progress.done + 1, progress.total)} of {progress.total})"
