"""Operations in the background, over a real database; what they do is up to the test."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.domain.operation import OperationKind, Outcome
from engine.domain.run import RunStatus
from engine.errors import Conflict, DiskFull, NotFound
from engine.storage import operations
from engine.storage.database import Database
from engine.workflows.device_turns import Cancelled
from engine.workflows.live_operation import LiveOperation, remaining_seconds
from engine.workflows.operation_supervisor import MOST_WAITING, REMEMBERED, Keep, OperationSupervisor

GENERATION, TEST = OperationKind.GENERATION, OperationKind.SKILLSET_TEST
PATIENCE = 10.0


class Bench:
    """As much of a workbench as operations need."""

    def __init__(self, path: Path) -> None:
        self.database = Database.open(path)


class Jobs:
    """Gives one outcome for each number asked for; holds after `hold_after` until it is let go or cancelled."""

    def __init__(self) -> None:
        self.hold_after: int | None = None
        self.holds = threading.Event()

    def __call__(self, bench: Any, request: Mapping[str, Any], live: LiveOperation, keep: Keep) -> None:
        live.set_total(request["count"])
        for number in range(request["count"]):
            if number == self.hold_after:
                self.holds.set()
                live.cancel.wait(PATIENCE)
            if live.cancel.is_set():
                raise Cancelled
            if request.get("breaks_at") == number:
                raise ZeroDivisionError("a job that breaks")
            keep(Outcome(value={"number": number}, is_good=number != 1, seconds=0.5))


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def bench(settings: Settings):
    found = Bench(settings.db_path)
    yield found
    found.database.close()


@pytest.fixture
def supervisor(bench: Bench, jobs: Jobs):
    found = OperationSupervisor(bench, {GENERATION: jobs, TEST: jobs})
    yield found
    found.close()


def test_an_operation_is_accepted_at_once_and_its_outcomes_are_kept(supervisor: OperationSupervisor) -> None:
    accepted = supervisor.submit(GENERATION, {"count": 3})
    assert accepted.status is RunStatus.INITIALIZING
    ended = supervisor.wait(GENERATION, accepted.operation_id, PATIENCE)
    assert (ended.status, ended.total, ended.done, ended.failed) == (RunStatus.COMPLETED, 3, 3, 1)
    assert supervisor.outcomes(accepted.operation_id) == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert supervisor.progress(GENERATION, accepted.operation_id).fraction == 1.0


def test_what_storage_says_of_an_ended_one_is_what_was_shown(
    bench: Bench, jobs: Jobs, supervisor: OperationSupervisor
) -> None:
    accepted = supervisor.submit(GENERATION, {"count": 3})
    shown = supervisor.wait(GENERATION, accepted.operation_id, PATIENCE)
    later = OperationSupervisor(bench, {GENERATION: jobs})
    assert later.progress(GENERATION, accepted.operation_id).operation == shown
    assert later.recent(GENERATION, limit=5) == [shown]
    was = supervisor.progress(GENERATION, accepted.operation_id).elapsed_seconds
    assert was > 0
    assert later.progress(GENERATION, accepted.operation_id).elapsed_seconds == was


@pytest.mark.parametrize("room_for", [4, 5])
def test_an_end_that_is_shown_as_not_stored_is_not_stored(
    supervisor: OperationSupervisor, bench: Bench, monkeypatch: pytest.MonkeyPatch, room_for: int
) -> None:
    """With room for so many changes: that it was asked for, that it runs, two outcomes, and its end."""
    write, left = bench.database.write, [room_for]

    def write_while_there_is_room(action: Callable[[Any], Any]) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise DiskFull("No room to write.")
        return write(action)

    monkeypatch.setattr(bench.database, "write", write_while_there_is_room)
    operation_id = supervisor.submit(GENERATION, {"count": 2}).operation_id
    shown = supervisor.wait(GENERATION, operation_id, PATIENCE)
    with bench.database.cursor() as cursor:
        stored = operations.get(cursor, GENERATION, operation_id)
    assert (shown.status is RunStatus.COMPLETED) == (stored.status is RunStatus.COMPLETED) == (room_for == 5)
    assert (stored.done, stored.total) == (2, 2)
    listed = [supervisor.recent(GENERATION, limit=5, statuses=statuses) for statuses in ((), (shown.status,))]
    assert [[found.status for found in each] for each in listed] == [[shown.status]] * 2
    assert supervisor.recent(GENERATION, limit=5, statuses=(RunStatus.RUNNING,)) == []


def test_operations_of_a_kind_wait_for_one_another_and_others_do_not(
    supervisor: OperationSupervisor, jobs: Jobs
) -> None:
    jobs.hold_after = 1
    first = supervisor.submit(GENERATION, {"count": 2})
    assert jobs.holds.wait(PATIENCE)
    second = supervisor.submit(GENERATION, {"count": 1})
    other = supervisor.submit(TEST, {"count": 1})
    assert supervisor.wait(TEST, other.operation_id, PATIENCE).status is RunStatus.COMPLETED
    waiting = supervisor.progress(GENERATION, second.operation_id)
    assert (waiting.operation.status, waiting.current_step) == (RunStatus.QUEUED, "Waiting for its turn")
    assert [found.operation_id for found in supervisor.recent(GENERATION, limit=5)] == [
        second.operation_id,
        first.operation_id,
    ]
    supervisor.cancel(GENERATION, first.operation_id)
    assert supervisor.wait(GENERATION, second.operation_id, PATIENCE).status is RunStatus.COMPLETED


def test_a_cancelled_one_keeps_what_it_has_and_cannot_be_cancelled_again(
    supervisor: OperationSupervisor, jobs: Jobs
) -> None:
    jobs.hold_after = 2
    accepted = supervisor.submit(GENERATION, {"count": 5})
    assert jobs.holds.wait(PATIENCE)
    assert supervisor.cancel(GENERATION, accepted.operation_id).status is RunStatus.CANCELLING
    ended = supervisor.wait(GENERATION, accepted.operation_id, PATIENCE)
    assert (ended.status, ended.done, ended.total) == (RunStatus.CANCELLED, 2, 5)
    with pytest.raises(Conflict, match="nothing to cancel"):
        supervisor.cancel(GENERATION, accepted.operation_id)


def test_one_that_waits_is_cancelled_without_having_begun(supervisor: OperationSupervisor, jobs: Jobs) -> None:
    jobs.hold_after = 0
    supervisor.submit(GENERATION, {"count": 1})
    assert jobs.holds.wait(PATIENCE)
    second = supervisor.submit(GENERATION, {"count": 1})
    supervisor.cancel(GENERATION, second.operation_id)
    ended = supervisor.wait(GENERATION, second.operation_id, PATIENCE)
    assert (ended.status, ended.started_at, ended.done) == (RunStatus.CANCELLED, None, 0)


def test_a_job_that_breaks_ends_as_failed_with_its_reason(supervisor: OperationSupervisor) -> None:
    accepted = supervisor.submit(GENERATION, {"count": 3, "breaks_at": 1})
    ended = supervisor.wait(GENERATION, accepted.operation_id, PATIENCE)
    assert (ended.status, ended.error) == (RunStatus.FAILED, "ZeroDivisionError: a job that breaks")
    assert supervisor.outcomes(accepted.operation_id) == [{"number": 0}]


def test_what_is_under_way_when_the_program_ends_is_interrupted(bench: Bench, jobs: Jobs) -> None:
    supervisor = OperationSupervisor(bench, {GENERATION: jobs})
    jobs.hold_after = 1
    accepted = supervisor.submit(GENERATION, {"count": 2})
    assert jobs.holds.wait(PATIENCE)
    supervisor.close()
    assert supervisor.progress(GENERATION, accepted.operation_id).operation.status is RunStatus.INTERRUPTED
    with pytest.raises(Conflict, match="ending"):
        supervisor.submit(GENERATION, {"count": 1})


def test_closing_while_one_is_let_in_waits_for_it(supervisor: OperationSupervisor, bench: Bench) -> None:
    class ClosedInBetween:
        """The supervisor's lock, whose first holder is followed by who closes."""

        def __init__(self) -> None:
            self.inner = threading.Lock()
            self.left = 0
            self.errors: list[Exception] = []

        def __enter__(self) -> None:
            self.inner.acquire()

        def __exit__(self, *_: object) -> None:
            self.inner.release()
            self.left += 1
            if self.left == 1:
                try:
                    supervisor.close()
                except RuntimeError as error:
                    self.errors.append(error)

    lock = supervisor._lock = ClosedInBetween()  # type: ignore[assignment]
    operation = supervisor.submit(GENERATION, {"count": 1})
    assert lock.errors == []
    assert supervisor.wait(GENERATION, operation.operation_id, PATIENCE).status.is_final


def test_what_a_dead_program_left_is_interrupted_when_the_database_is_opened(
    open_workbench: Callable[..., Any], settings: Settings
) -> None:
    from engine.storage import operations

    with_one_left = Database.open(settings.db_path)
    left = with_one_left.write(lambda cursor: operations.create(cursor, GENERATION, {"models": ["bert"]}))
    with_one_left.close()
    workbench = open_workbench(None)
    found = workbench.operations.progress(GENERATION, left.operation_id).operation
    assert found.status is RunStatus.INTERRUPTED
    assert "ask for it again" in (found.error or "")


def test_too_many_waiting_are_refused(supervisor: OperationSupervisor, jobs: Jobs) -> None:
    jobs.hold_after = 0
    for _ in range(MOST_WAITING):
        supervisor.submit(GENERATION, {"count": 1})
    with pytest.raises(Conflict, match="wait already"):
        supervisor.submit(GENERATION, {"count": 1})
    supervisor.submit(TEST, {"count": 0})


def test_an_operation_of_another_kind_is_not_found(supervisor: OperationSupervisor) -> None:
    accepted = supervisor.submit(GENERATION, {"count": 1})
    for ask in (supervisor.progress, supervisor.cancel, supervisor.subscribe):
        with pytest.raises(NotFound, match=accepted.operation_id):
            ask(TEST, accepted.operation_id)


def test_a_watcher_hears_the_end_even_when_it_is_slow(supervisor: OperationSupervisor, jobs: Jobs) -> None:
    jobs.hold_after = 1
    accepted = supervisor.submit(GENERATION, {"count": 2})
    assert jobs.holds.wait(PATIENCE)
    subscription = supervisor.subscribe(GENERATION, accepted.operation_id)
    supervisor.cancel(GENERATION, accepted.operation_id)
    supervisor.wait(GENERATION, accepted.operation_id, PATIENCE)
    heard = []
    while (snapshot := subscription.next(0.2)) is not None:
        heard.append(snapshot)
    assert heard[-1].operation.status is RunStatus.CANCELLED
    assert [one.sequence for one in heard] == sorted({one.sequence for one in heard})


def test_what_ended_long_ago_is_read_from_storage_and_not_held_in_memory(supervisor: OperationSupervisor) -> None:
    first = supervisor.submit(GENERATION, {"count": 0}).operation_id
    for _ in range(REMEMBERED + 2):
        last = supervisor.submit(GENERATION, {"count": 0}).operation_id
        supervisor.wait(GENERATION, last, PATIENCE)
    gc.collect()
    mine = {run.operation_id for run in supervisor.recent(GENERATION, limit=100)}
    held = [one for one in gc.get_objects() if isinstance(one, LiveOperation) and one.operation.operation_id in mine]
    assert len(mine) == REMEMBERED + 3
    assert len(held) <= REMEMBERED + 1  # the thread of the last may be about to end
    assert supervisor.progress(GENERATION, first).operation.status is RunStatus.COMPLETED


def test_what_is_left_is_told_from_what_is_done() -> None:
    assert remaining_seconds([1.0, 1.0], 10) is None
    assert remaining_seconds([2.0] * 4, 10) == (12.0, 12.0)
    assert remaining_seconds([2.0] * 4, 4) is None
    assert remaining_seconds([0.001] * 50 + [2.0] * 3, 55) == (4.0, 4.0)  # what was there already says nothing
    low, high = remaining_seconds([1.0, 2.0, 3.0], 6)
    # 3 left at 2 s, standard deviation 1 s: 6 -+ 1.2816 * sqrt(3 + 9 / 3)
    assert (low, high) == (pytest.approx(6 - 3.139, abs=0.01), pytest.approx(6 + 3.139, abs=0.01))
