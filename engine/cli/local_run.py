"""One run carried out by this process."""

from __future__ import annotations

from pathlib import Path

from engine.cli.exit_status import FAILED, GOOD
from engine.cli.follow import Teller, display
from engine.cli.output import say
from engine.domain.run import Run, RunRequest
from engine.errors import EngineError
from engine.workflows.make_report import make_report
from engine.workflows.plan_run import plan_run
from engine.workflows.workbench import Workbench

_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.5


def carry_out(workbench: Workbench, request: RunRequest, *, quiet: bool) -> Run:
    """Submit, show and await a run. Ctrl-C cancels it: what has finished is kept and the run is returned cancelled."""
    if request.budget_seconds is not None:
        plan_run(workbench, request)  # a budget too short for any case is refused before a run is stored
    run = workbench.supervisor.submit(request)
    say(f"Run {run.number} ({run.run_id}) on {workbench.environment.label}", quiet=quiet)
    try:
        _follow(workbench, run.run_id, quiet=quiet)
        return workbench.supervisor.wait(run.run_id)
    except KeyboardInterrupt:
        say(f"Cancelling run {run.number}; finished results are kept.", quiet=quiet)
        if not workbench.supervisor.progress(run.run_id).run.status.is_final:
            workbench.supervisor.cancel(run.run_id)
        return workbench.supervisor.wait(run.run_id, timeout=_STOP_SECONDS)


def _follow(workbench: Workbench, run_id: str, *, quiet: bool) -> None:
    teller = Teller()
    subscription = workbench.supervisor.subscribe(run_id)
    try:
        with display(quiet=quiet) as shown:
            is_final = False
            while not is_final:
                progress = subscription.next(timeout=_LOOK_SECONDS) or workbench.supervisor.progress(run_id)
                shown.show(teller.standing(progress))
                is_final = progress.run.status.is_final
    finally:
        subscription.close()


def report_on(workbench: Workbench, run: Run, *, quiet: bool) -> tuple[Path | None, int]:
    """Where the report of `run` lies, and FAILED if it could not be made; a run without figures has none."""
    if not (run.completed and run.status.is_final):
        say("No report: nothing was measured.", quiet=quiet)
        return None, GOOD
    try:
        path = workbench.settings.report_dir / make_report(workbench, run.run_id).filename
    except EngineError as error:
        say(f"{error.title}: {error.message}")
        return None, FAILED
    say(f"Report: {path}", quiet=quiet)
    return path, GOOD
