from __future__ import annotations

from typing import Any

import pytest

from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.run_end import RunEnd, end_of_payload, end_of_run, status_of_run, tell_end
from engine.domain.run import RunStatus
from tests.builders import A_RUN_ID, a_run

MEASURED_BEFORE = {"failure": {"kind": "already_measured", "reason": "Measured here within the last 7 days."}}
NOT_HERE = {"failure": {"kind": "not_available", "reason": "cpu does not run int8 here."}}
COMPLETED: dict[str, Any] = {"failure": None}


def an_end(status: RunStatus = RunStatus.COMPLETED, error: str | None = None, **counts: int) -> RunEnd:
    every = {"completed": 0, "failed": 0, "skipped": 0, "cancelled": 0} | counts
    return RunEnd(run_id=A_RUN_ID, number=7, status=status, counts=every, total=sum(every.values()), error=error)


@pytest.mark.parametrize(
    ("end", "rows", "status"),
    [
        (an_end(completed=2), [COMPLETED] * 2, GOOD),
        (an_end(completed=1, skipped=1), [COMPLETED, NOT_HERE], GOOD),
        (an_end(completed=1, failed=1), [COMPLETED, COMPLETED], FAILED),
        (an_end(completed=1, cancelled=1), [COMPLETED, COMPLETED], FAILED),
        (an_end(skipped=2), [MEASURED_BEFORE] * 2, GOOD),
        (an_end(skipped=2), [MEASURED_BEFORE, NOT_HERE], GOOD),
        (an_end(skipped=1), [NOT_HERE], FAILED),
        (an_end(skipped=1, failed=1), [MEASURED_BEFORE, COMPLETED], FAILED),
        (an_end(), [], FAILED),
        (an_end(RunStatus.FAILED, completed=1), [COMPLETED], FAILED),
        (an_end(RunStatus.INTERRUPTED, completed=1), [COMPLETED], FAILED),
        (an_end(RunStatus.CANCELLED, completed=1), [COMPLETED], INTERRUPTED),
        (an_end(RunStatus.CANCELLING, completed=1), [COMPLETED], INTERRUPTED),
    ],
)
def test_a_run_is_good_if_nothing_failed_and_something_was_measured(end: RunEnd, rows: list[Any], status: int) -> None:
    assert status_of_run(end, rows) == status


def test_the_line_counts_only_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    tell_end(an_end(completed=3, failed=1), quiet=False)
    tell_end(an_end(RunStatus.CANCELLED), quiet=False)
    assert capsys.readouterr().err.splitlines() == [
        "Run 7 completed: 3 completed, 1 failed of 4 results.",
        "Run 7 cancelled: nothing measured.",
    ]


def test_what_stopped_a_run_is_told_even_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    tell_end(an_end(RunStatus.FAILED, "No room to write."), quiet=True)
    assert capsys.readouterr().err == "No room to write.\n"


def test_a_run_ends_alike_here_and_on_a_server() -> None:
    run = a_run(RunStatus.FAILED, number=7, total=4, completed=1, failed=2, skipped=1, error="No room.")
    payload = {
        "run_id": run.run_id,
        "number": 7,
        "status": "failed",
        "cases": {"total": 4, "completed": 1, "failed": 2, "skipped": 1, "cancelled": 0},
        "error": "No room.",
    }
    assert end_of_payload(payload) == end_of_run(run)
