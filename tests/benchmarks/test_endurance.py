"""The judge of runs would see one that ended otherwise than what was done to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.endurance import Story, stored_faults
from engine.domain.run import RunStatus
from engine.storage import results, runs
from engine.storage.database import Database
from tests.builders import A_TIME, AN_ENVIRONMENT_ID, a_case, a_plan, a_request, a_result


def cases(**counts: int) -> dict[str, int]:
    return {"total": 2, "completed": 0, "failed": 0, "skipped": 0, "cancelled": 0} | counts


def a_story(**changes: Any) -> Story:
    ended = {"status": "completed", "cases": cases(completed=2)}
    return replace(Story(run_id="one", deed="leave alone", ended=ended), **changes)


def test_a_run_that_ended_as_it_should_has_no_fault() -> None:
    assert a_story(heard="completed").fault is None
    cancelled = {"status": "cancelled", "cases": cases(completed=1, cancelled=1)}
    assert a_story(ended=cancelled, expected=("cancelled",)).fault is None
    assert a_story(ended={"status": "completed", "cases": cases(completed=1, failed=1)}, kills=1).fault is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ended": {"status": "running", "cases": cases(completed=1)}}, "ended as running, not completed"),
        ({"expected": ("cancelled",)}, "ended as completed, not cancelled"),
        ({"ended": {"status": "completed", "cases": cases(completed=1, failed=1)}}, "1 cases failed, 0 processes"),
        ({"ended": {"status": "completed", "cases": cases(completed=1)}}, "completed with"),
        ({"heard": "running"}, "its socket last told running, it ended as completed"),
    ],
)
def test_what_went_wrong_is_told(changes: dict[str, Any], words: str) -> None:
    assert words in (a_story(**changes).fault or "")


def test_what_is_stored_is_held_against_what_was_told(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "a.duckdb")
    plan = a_plan(a_case(), repetitions=2)
    run = database.write(lambda cursor: runs.create(cursor, a_request(), AN_ENVIRONMENT_ID))
    database.write(lambda cursor: runs.save_plan(cursor, run.run_id, plan))
    database.write(lambda cursor: runs.set_status(cursor, run.run_id, RunStatus.COMPLETED, at=A_TIME))
    first, second = (a_result(run_id=run.run_id, repetition=number, result_id=f"r{number}") for number in range(2))
    database.write(lambda cursor: results.save(cursor, first))
    story = a_story(run_id=run.run_id)
    assert [words.split(": ", 1)[1] for words in stored_faults(database, [story])] == [
        "stored {'completed': 1, 'failed': 0, 'skipped': 0, 'cancelled': 0}, told "
        "{'total': 2, 'completed': 2, 'failed': 0, 'skipped': 0, 'cancelled': 0}",
        "completed with 1 of 2 results",
    ]
    database.write(lambda cursor: results.save(cursor, second))
    assert stored_faults(database, [story]) == []
    database.close()
