"""What operations of a server really do: generating and testing, over a launcher of the test's choice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from engine.domain.operation import OperationKind
from engine.domain.run import RunStatus
from engine.domain.skillset import GenerationStatus
from engine.domain.skillset_suite import SuiteProgress
from engine.storage import skillsets
from engine.storage.database import Database
from engine.workflows.device_turns import PROCESSOR
from engine.workflows.skillset_test_operation import step_words
from engine.workflows.workbench import Workbench
from tests.engine.workflows.fake_launcher import FakeLauncher

GENERATION, TEST = OperationKind.GENERATION, OperationKind.SKILLSET_TEST
PATIENCE = 20.0
BATCH = {"models": ["bert", "gpt2", "vit"], "verify": False}

Open = Callable[[FakeLauncher], Workbench]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def workbench(open_workbench: Open) -> Workbench:
    return open_workbench(FakeLauncher())


def known(workbench: Workbench) -> dict[str, GenerationStatus]:
    with workbench.database.cursor() as cursor:
        return {found.model_type: found.status for found in skillsets.latest(cursor)}


def test_a_generation_has_an_outcome_for_each_type_and_its_modules_are_known(workbench: Workbench) -> None:
    accepted = workbench.operations.submit(GENERATION, BATCH)
    ended = workbench.operations.wait(GENERATION, accepted.operation_id, PATIENCE)
    assert (ended.status, ended.total, ended.done, ended.failed) == (RunStatus.COMPLETED, 3, 3, 0)
    rows = workbench.operations.outcomes(accepted.operation_id)
    assert [row["model_type"] for row in rows] == BATCH["models"]
    assert known(workbench) == dict.fromkeys(BATCH["models"], GenerationStatus.RENDERED)


def test_rendering_waits_for_the_device_and_says_for_whom_and_can_be_cancelled(workbench: Workbench) -> None:
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        accepted = workbench.operations.submit(GENERATION, BATCH)
        progress = workbench.operations.progress
        wait_until(
            lambda: progress(GENERATION, accepted.operation_id).current_step == "Waiting for another measurement"
        )
        workbench.operations.cancel(GENERATION, accepted.operation_id)
        ended = workbench.operations.wait(GENERATION, accepted.operation_id, PATIENCE)
    assert (ended.status, ended.done, known(workbench)) == (RunStatus.CANCELLED, 0, {})


def test_a_long_batch_is_cancelled_between_types_and_what_was_rendered_is_known(workbench: Workbench) -> None:
    accepted = workbench.operations.submit(GENERATION, {"priority": "all", "verify": False})
    wait_until(lambda: workbench.operations.progress(GENERATION, accepted.operation_id).operation.done >= 3)
    workbench.operations.cancel(GENERATION, accepted.operation_id)
    ended = workbench.operations.wait(GENERATION, accepted.operation_id, PATIENCE)
    assert ended.status is RunStatus.CANCELLED
    assert 3 <= ended.done < ended.total
    rows = workbench.operations.outcomes(accepted.operation_id)
    written = {row["model_type"] for row in rows if row["status"] == "rendered"}
    assert written and written == set(known(workbench))


def test_what_a_dead_program_left_has_its_total_and_its_time(workbench: Workbench) -> None:
    accepted = workbench.operations.submit(GENERATION, {"priority": "all", "verify": False})
    wait_until(lambda: workbench.operations.progress(GENERATION, accepted.operation_id).operation.done >= 3)
    with workbench.database.cursor() as cursor:
        total, started = cursor.execute(
            "select total, started_at from operation where operation_id = $id", {"id": accepted.operation_id}
        ).fetchone()
    assert total > 100 and started is not None
    workbench.operations.close()
    ended = workbench.operations.progress(GENERATION, accepted.operation_id).operation
    assert (ended.status, ended.total) == (RunStatus.INTERRUPTED, total)
    assert "ask for it again" in (ended.error or "")


@pytest.mark.parametrize(
    ("done", "total", "step", "words"),
    [
        (0, 0, "Writing the skillset of bert", "bert: Writing the skillset of bert"),
        (0, 8, "import", "bert: import (1 of 8)"),
        (7, 8, "round trip", "bert: round trip (8 of 8)"),
        (8, 8, "round trip", "bert: round trip (8 of 8)"),
        (8, 8, "", "bert: 8 of 8 checks made"),
    ],
)
def test_a_step_of_a_test_never_goes_beyond_its_last_check(done: int, total: int, step: str, words: str) -> None:
    assert step_words("bert", SuiteProgress(done=done, total=total, step=step)) == words


def test_a_test_that_is_cancelled_ends_at_once(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("examine", "verify"))
    workbench = open_workbench(launcher)
    accepted = workbench.operations.submit(TEST, {"models": ["bert", "gpt2"]})
    assert launcher.begun.wait(PATIENCE)
    began = time.monotonic()
    workbench.operations.cancel(TEST, accepted.operation_id)
    ended = workbench.operations.wait(TEST, accepted.operation_id, PATIENCE)
    assert (ended.status, time.monotonic() - began < 5) == (RunStatus.CANCELLED, True)


def test_an_interrupted_one_ended_with_its_last_outcome(settings, tmp_path) -> None:
    from datetime import UTC, datetime, timedelta

    from engine.domain.operation import Outcome
    from engine.storage import operations

    database = Database.open(settings.db_path)
    at = datetime(2026, 11, 1, tzinfo=UTC)
    left = database.write(lambda cursor: operations.create(cursor, GENERATION, {}))
    database.write(lambda cursor: operations.set_status(cursor, left.operation_id, RunStatus.RUNNING, at=at))
    for position in range(2):
        outcome = Outcome(value={}, is_good=True, seconds=1.5)
        database.write(
            lambda cursor, position=position, outcome=outcome: operations.add_outcome(
                cursor, left.operation_id, position, outcome
            )
        )
    assert database.write(operations.interrupt_unfinished) == [left.operation_id]
    with database.cursor() as cursor:
        found = operations.get(cursor, GENERATION, left.operation_id)
    assert (found.started_at, found.finished_at) == (at, at + timedelta(seconds=3))
    database.close()
