"""One run carried out by this process, from the request to the exit status."""

from __future__ import annotations

from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.follow import Teller, display
from engine.cli.output import say
from engine.domain.result import FailureKind, ResultFilter
from engine.domain.run import Run, RunRequest, RunStatus
from engine.formatting import counted
from engine.workflows.result_rows import result_rows
from engine.workflows.workbench import Workbench

_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.5


def carry_out(workbench: Workbench, request: RunRequest, *, quiet: bool) -> Run:
    """Submit, show and await a run. Ctrl-C cancels it: what has finished is kept and the run is returned cancelled."""
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


def report_outcome(run: Run, *, quiet: bool) -> None:
    """One line about how the run ended."""
    parts = [
        f"{count} {word}"
        for count, word in (
            (run.completed, "completed"),
            (run.failed, "failed"),
            (run.skipped, "skipped"),
            (run.cancelled, "cancelled"),
        )
        if count
    ]
    outcome = f"Run {run.number} {run.status.value}: {', '.join(parts) or 'nothing measured'}"
    say(f"{outcome} of {counted(run.total, 'result')}." if run.total else f"{outcome}.", quiet=quiet)
    if run.error:
        say(run.error)


def run_status(workbench: Workbench, run: Run) -> int:
    """GOOD only when every result that was tried completed and there is at least one, or all were measured before."""
    if run.status is RunStatus.CANCELLED:
        return INTERRUPTED
    if run.status is not RunStatus.COMPLETED or run.failed or run.cancelled:
        return FAILED
    return GOOD if run.completed or _all_measured_before(workbench, run) else FAILED


def _all_measured_before(workbench: Workbench, run: Run) -> bool:
    rows = result_rows(workbench, ResultFilter(run_id=run.run_id))
    return bool(rows) and all(
        row["failure"] is not None and row["failure"]["kind"] == FailureKind.ALREADY_MEASURED.value for row in rows
    )
