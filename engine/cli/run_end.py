"""How a run ended, wherever it was carried out: the line about it, and its exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.output import say
from engine.domain.result import FailureKind, ResultStatus
from engine.domain.run import Run, RunStatus
from engine.formatting import counted

_OUTCOMES = tuple(status.value for status in ResultStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """What is left to say of a run that nobody waits for any longer."""

    run_id: str
    number: int
    status: RunStatus
    """Cancelling, where a run did not stop in time."""
    counts: Mapping[str, int]
    """Executions by outcome."""
    total: int
    """0 when the run ended before it was planned."""
    error: str | None


def end_of_run(run: Run) -> RunEnd:
    return RunEnd(
        run_id=run.run_id,
        number=run.number,
        status=run.status,
        counts={outcome: getattr(run, outcome) for outcome in _OUTCOMES},
        total=run.total,
        error=run.error,
    )


def end_of_payload(payload: Mapping[str, Any]) -> RunEnd:
    """From the answer of the endpoint `status`."""
    return RunEnd(
        run_id=payload["run_id"],
        number=payload["number"],
        status=RunStatus(payload["status"]),
        counts={outcome: payload["cases"][outcome] for outcome in _OUTCOMES},
        total=payload["cases"]["total"],
        error=payload["error"],
    )


def tell_end(end: RunEnd, *, quiet: bool) -> None:
    """One line about how the run ended; what stopped it is told even quietly."""
    parts = [f"{count} {outcome}" for outcome, count in end.counts.items() if count]
    line = f"Run {end.number} {end.status}: {', '.join(parts) or 'nothing measured'}"
    say(f"{line} of {counted(end.total, 'result')}." if end.total else f"{line}.", quiet=quiet)
    if end.error:
        say(end.error)


def status_of_run(end: RunEnd, rows: Sequence[Mapping[str, Any]]) -> int:
    """GOOD when nothing that was tried failed and something was measured, now or so recently that it was left out.

    `rows` are all results of the run.
    """
    if end.status in (RunStatus.CANCELLED, RunStatus.CANCELLING):
        return INTERRUPTED
    if end.status is not RunStatus.COMPLETED or end.counts["failed"] or end.counts["cancelled"]:
        return FAILED
    kinds = {row["failure"]["kind"] for row in rows if row["failure"]}
    return GOOD if end.counts["completed"] or FailureKind.ALREADY_MEASURED.value in kinds else FAILED
