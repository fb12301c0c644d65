from __future__ import annotations

from datetime import timedelta

import pytest

from engine.domain.result import ResultStatus
from engine.domain.run import RunStatus
from engine.errors import NotFound
from engine.storage import results, runs
from tests.builders import A_TIME, a_case, a_failed_result, a_plan, a_request, a_result, a_skipped_case


def _create(database, **changes):
    return database.write(lambda cursor: runs.create(cursor, a_request(**changes), "env"))


def _get(database, run_id):
    with database.cursor() as cursor:
        return runs.get(cursor, run_id)


def test_runs_are_numbered_from_one(database):
    assert [_create(database).number for _ in range(3)] == [1, 2, 3]


def test_a_run_is_found_by_id_and_by_number(database):
    run = _create(database)
    assert _get(database, run.run_id) == _get(database, "1") == run


def test_an_unknown_run_is_named_with_what_there_is(database):
    with pytest.raises(NotFound, match=r"'7'.*no runs yet"):
        _get(database, "7")
    _create(database)
    with pytest.raises(NotFound, match=r"'7'.*numbered 1 to 1"):
        _get(database, "7")


def test_recent_runs_come_newest_first_and_by_status(database):
    created = [_create(database) for _ in range(4)]
    database.write(lambda c: runs.set_status(c, created[1].run_id, RunStatus.COMPLETED, at=A_TIME))
    with database.cursor() as cursor:
        assert [run.number for run in runs.recent(cursor)] == [4, 3, 2, 1]
        assert [run.number for run in runs.recent(cursor, limit=2)] == [4, 3]
        assert [run.number for run in runs.recent(cursor, statuses=[RunStatus.COMPLETED])] == [2]


def test_runs_are_counted_by_status_whatever_is_listed(database):
    created = [_create(database) for _ in range(3)]
    for run in created[:2]:
        database.write(lambda c, run=run: runs.set_status(c, run.run_id, RunStatus.COMPLETED, at=A_TIME))
    with database.cursor() as cursor:
        assert runs.count(cursor, statuses=[RunStatus.COMPLETED]) == 2
        assert runs.count(cursor, statuses=[RunStatus.FAILED]) == 0


def test_status_sets_the_times_of_start_and_end(database):
    run = _create(database)

    def enter(status, seconds, error=None):
        at = A_TIME + timedelta(seconds=seconds)
        database.write(lambda c: runs.set_status(c, run.run_id, status, error=error, at=at))
        return _get(database, run.run_id)

    assert enter(RunStatus.QUEUED, 1).started_at is None
    assert enter(RunStatus.RUNNING, 2).started_at == A_TIME + timedelta(seconds=2)
    failed = enter(RunStatus.FAILED, 3, error="The disk went away.")
    assert (failed.finished_at, failed.error) == (A_TIME + timedelta(seconds=3), "The disk went away.")
    resumed = enter(RunStatus.RUNNING, 4)
    assert (resumed.started_at, resumed.finished_at, resumed.error) == (A_TIME + timedelta(seconds=2), None, None)


def test_active_seconds_are_those_of_every_attempt_and_not_the_time_between(database):
    run = _create(database)

    def enter(status, seconds):
        at = A_TIME + timedelta(seconds=seconds)
        database.write(lambda c: runs.set_status(c, run.run_id, status, at=at))
        return _get(database, run.run_id).active_seconds

    assert enter(RunStatus.QUEUED, 5) is None
    assert enter(RunStatus.RUNNING, 10) is None
    assert enter(RunStatus.CANCELLED, 12.5) == 2.5
    assert enter(RunStatus.INITIALIZING, 86_400) == 2.5
    assert enter(RunStatus.QUEUED, 86_401) == 2.5
    assert enter(RunStatus.CANCELLED, 86_402) == 2.5, "it never had the device"
    assert enter(RunStatus.RUNNING, 90_000) == 2.5
    assert enter(RunStatus.COMPLETED, 90_004) == 6.5


def test_the_status_of_an_unknown_run_cannot_be_set(database):
    with pytest.raises(NotFound):
        database.write(lambda c: runs.set_status(c, "nobody", RunStatus.RUNNING, at=A_TIME))
    with pytest.raises(NotFound):
        database.write(lambda c: runs.save_plan(c, "nobody", a_plan()))


def test_counts_come_from_the_results(database):
    run = _create(database)
    cases = [a_case(batch_size=size) for size in (1, 2, 4, 8)]
    skipped = [a_skipped_case(cases[3])]
    database.write(lambda c: runs.save_plan(c, run.run_id, a_plan(*cases[:3], skipped=skipped)))
    database.write(lambda c: results.save(c, a_result(cases[0], run_id=run.run_id)))
    database.write(lambda c: results.save(c, a_failed_result(cases[1], run_id=run.run_id)))
    database.write(lambda c: results.save(c, a_result(cases[3], run_id=run.run_id, status=ResultStatus.SKIPPED)))
    database.write(lambda c: results.save(c, a_result(cases[0], run_id="another", result_id="x")))
    found = _get(database, run.run_id)
    assert (found.total, found.completed, found.failed, found.skipped, found.cancelled) == (4, 1, 1, 1, 0)
    assert found.done == 3


def test_a_case_repeated_after_resuming_counts_once_as_it_ended(database):
    run = _create(database)
    case = a_case()
    cancelled = a_result(case, run_id=run.run_id, status=ResultStatus.CANCELLED, result_id="1")
    repeated = a_result(case, run_id=run.run_id, result_id="0", started_at=A_TIME + timedelta(hours=1))
    for result in (cancelled, repeated):
        database.write(lambda c, result=result: results.save(c, result))
    found = _get(database, run.run_id)
    assert (found.completed, found.cancelled) == (1, 0)


def test_unfinished_runs_become_interrupted_at_their_last_result(database):
    running, ended, idle = (_create(database) for _ in range(3))
    database.write(lambda c: runs.set_status(c, running.run_id, RunStatus.RUNNING, at=A_TIME))
    database.write(lambda c: runs.set_status(c, ended.run_id, RunStatus.CANCELLED, at=A_TIME))
    at = A_TIME + timedelta(hours=2)
    database.write(lambda c: results.save(c, a_result(run_id=running.run_id, started_at=at, duration_seconds=1.5)))
    assert set(database.write(runs.interrupt_unfinished)) == {running.run_id, idle.run_id}
    assert database.write(runs.interrupt_unfinished) == []
    found = _get(database, running.run_id)
    assert found.status is RunStatus.INTERRUPTED
    assert found.finished_at == at + timedelta(seconds=1.5)
    assert found.error is not None and "resume" in found.error
    assert _get(database, ended.run_id).status is RunStatus.CANCELLED
    assert _get(database, idle.run_id).finished_at == idle.created_at


def test_an_attempt_that_a_dead_process_left_lasted_until_its_last_result(database):
    run = _create(database)
    for status, seconds in ((RunStatus.RUNNING, 0), (RunStatus.CANCELLED, 3), (RunStatus.RUNNING, 3600)):
        at = A_TIME + timedelta(seconds=seconds)
        database.write(lambda c, status=status, at=at: runs.set_status(c, run.run_id, status, at=at))
    at = A_TIME + timedelta(seconds=3610)
    database.write(lambda c: results.save(c, a_result(run_id=run.run_id, started_at=at, duration_seconds=1.5)))
    database.write(runs.interrupt_unfinished)
    assert _get(database, run.run_id).active_seconds == 3 + 11.5


def test_a_resumed_attempt_without_a_result_adds_nothing_when_its_process_dies(database):
    run = _create(database)
    database.write(lambda c: results.save(c, a_result(run_id=run.run_id)))
    at = A_TIME + timedelta(hours=1)
    database.write(lambda c: runs.set_status(c, run.run_id, RunStatus.RUNNING, at=at))
    database.write(runs.interrupt_unfinished)
    assert _get(database, run.run_id).active_seconds == 0


def test_a_run_that_died_after_its_last_row_is_completed(database):
    done, cancelled = _create(database), _create(database)
    at = A_TIME + timedelta(seconds=1)
    for run in (done, cancelled):
        plan = a_plan(repetitions=2, skipped=[a_skipped_case(a_case("vit"))])
        database.write(lambda c, run=run, plan=plan: runs.save_plan(c, run.run_id, plan))
        database.write(lambda c, run=run: runs.set_status(c, run.run_id, RunStatus.RUNNING, at=A_TIME))
        skipped = a_result(a_case("vit"), run_id=run.run_id, result_id=f"{run.number}s", status=ResultStatus.SKIPPED)
        last = ResultStatus.FAILED if run is done else ResultStatus.CANCELLED
        for repetition, status in enumerate((ResultStatus.COMPLETED, last)):
            name = f"{run.number}-{repetition}"
            row = a_result(run_id=run.run_id, result_id=name, repetition=repetition, status=status, started_at=at)
            database.write(lambda c, row=row: results.save(c, row))
        database.write(lambda c, skipped=skipped: results.save(c, skipped))
    assert database.write(runs.interrupt_unfinished) == [cancelled.run_id]
    found = _get(database, done.run_id)
    assert (found.status, found.error) == (RunStatus.COMPLETED, None)
    assert (found.finished_at, found.active_seconds) == (at + timedelta(seconds=1.9), 2.9)
    assert _get(database, cancelled.run_id).status is RunStatus.INTERRUPTED


def test_a_run_without_a_plan_says_so(database):
    run = _create(database)
    with pytest.raises(NotFound, match="no plan"), database.cursor() as cursor:
        runs.plan(cursor, run.run_id)


def test_a_later_plan_replaces_the_earlier(database):
    run = _create(database)
    later = a_plan(a_case("vit"), repetitions=3)
    for plan in (a_plan(), later):
        database.write(lambda c, plan=plan: runs.save_plan(c, run.run_id, plan))
    with database.cursor() as cursor:
        assert runs.plan(cursor, run.run_id) == later
        assert runs.get(cursor, run.run_id).total == 3
