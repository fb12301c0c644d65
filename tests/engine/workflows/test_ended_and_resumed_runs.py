"""The end of a run or of the program, resumption, and what watchers and later starts see."""

from __future__ import annotations

import threading

import pytest

from engine.domain.result import ResultFilter, ResultStatus
from engine.domain.run import RunStatus
from engine.errors import Conflict, NotFound
from engine.storage import results, runs
from engine.workflows.make_report import make_report
from engine.workflows.result_rows import result_rows
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request, an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Instead, Open, rows, until


def test_closing_interrupts_and_another_process_resumes_without_repeating(open_workbench: Open, settings) -> None:
    slow = FakeLauncher(seconds=0.1)
    request = a_request("bert", "vit", batch_sizes=(1, 8), protocol=a_protocol(processes=2))
    with Workbench.open(settings, launcher=slow, environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(request)
        until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 2)
    quick = FakeLauncher()
    again = open_workbench(quick)
    with again.database.cursor() as cursor:
        interrupted = runs.get(cursor, run.run_id)
    assert interrupted.status is RunStatus.INTERRUPTED
    before = interrupted.completed
    assert 2 <= before < 8 and interrupted.cancelled == 0
    assert again.supervisor.progress(run.run_id).run.status is RunStatus.INTERRUPTED
    resumed = again.supervisor.resume(run.run_id)
    assert (resumed.run_id, resumed.number) == (run.run_id, run.number)
    ended = again.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed, ended.total) == (RunStatus.COMPLETED, 8, 8)
    assert len(quick.measured()) == 8 - before
    stored = rows(again, run)
    assert len(stored) == len({(row.case.case_id, row.repetition) for row in stored}) == 8


def test_a_cancelled_run_can_be_resumed_and_a_completed_one_cannot(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)
    with pytest.raises(Conflict, match="running"):
        workbench.supervisor.resume(run.run_id)
    workbench.supervisor.cancel(run.run_id)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    launcher.slow = ()
    workbench.supervisor.resume(run.run_id)
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed, ended.cancelled) == (RunStatus.COMPLETED, 1, 0)
    assert [row.status for row in rows(workbench, run)] == [ResultStatus.COMPLETED]
    assert [row["status"] for row in result_rows(workbench, ResultFilter(run_id=run.run_id))] == ["completed"]
    assert "cancelled" not in make_report(workbench, run.run_id).summary
    with pytest.raises(Conflict, match="completed"):
        workbench.supervisor.resume(run.run_id)


def test_who_watched_the_end_of_a_run_is_told_whether_it_was_resumed(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    watched = workbench.supervisor.subscribe(run.run_id)
    launcher.begun.wait(PATIENCE)
    workbench.supervisor.cancel(run.run_id)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    assert not workbench.supervisor.has_begun_anew(run.run_id, watched)
    workbench.supervisor.resume(run.run_id)
    assert workbench.supervisor.has_begun_anew(run.run_id, watched)
    assert not workbench.supervisor.has_begun_anew(run.run_id, workbench.supervisor.subscribe(run.run_id))


def test_a_run_is_not_resumed_in_another_environment(open_workbench: Open, settings) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    with Workbench.open(settings, launcher=launcher, environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(a_request())
        launcher.begun.wait(PATIENCE)
    elsewhere = an_environment(environment_id="another")
    with (
        Workbench.open(settings, launcher=FakeLauncher(), environment=elsewhere) as later,
        pytest.raises(Conflict, match="another environment"),
    ):
        later.supervisor.resume(run.run_id)


def test_watchers_see_the_beginning_the_end_and_never_go_back(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.03)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request(batch_sizes=(1, 2, 4, 8), progressive=False))
    seen = []
    subscription = workbench.supervisor.subscribe(run.run_id)
    while (progress := subscription.next(PATIENCE)) is not None:
        seen.append(progress)
        if progress.run.status.is_final:
            break
    assert seen[-1].run.status is RunStatus.COMPLETED and seen[-1].fraction == 1.0
    sequences = [progress.sequence for progress in seen]
    assert sequences == sorted(set(sequences))
    done = [progress.run.done for progress in seen]
    assert done == sorted(done)
    assert any(row.state == "running" for progress in seen for row in progress.cases)
    assert any(progress.remaining_seconds is not None for progress in seen)
    late = workbench.supervisor.subscribe(run.run_id)
    final = late.next(1.0)
    assert final is not None and final.run.status is RunStatus.COMPLETED
    assert late.next(0.0) is None
    assert any("bert" in line for line in final.log)


def test_progress_of_an_old_run_comes_from_storage(open_workbench: Open, settings) -> None:
    with Workbench.open(settings, launcher=FakeLauncher(), environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(a_request("bert", "vit"))
        workbench.supervisor.wait(run.run_id, PATIENCE)
    later = open_workbench(FakeLauncher())
    progress = later.supervisor.progress(str(run.number))
    assert progress.run.status is RunStatus.COMPLETED
    assert [row.state for row in progress.cases] == ["completed", "completed"]
    assert all(row.latency_seconds is not None for row in progress.cases)
    with pytest.raises(NotFound):
        later.supervisor.progress("99")


def test_nothing_starts_or_is_stored_after_closing(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(slow=("count_facts",)))
    run = workbench.supervisor.submit(a_request())
    workbench.supervisor.close()
    workbench.supervisor.close()
    with pytest.raises(Conflict, match="ending"):
        workbench.supervisor.submit(a_request())
    with pytest.raises(Conflict, match="ending"):
        workbench.supervisor.resume(run.run_id)
    with workbench.database.cursor() as cursor:
        assert [found.status for found in runs.recent(cursor)] == [RunStatus.INTERRUPTED]


def test_a_submit_that_meets_the_end_of_the_program_leaves_no_run(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    database, closing = workbench.database, []

    def write(action):
        closing.append(threading.Thread(target=workbench.supervisor.close))
        closing[0].start()
        closing[0].join(0.1)
        assert closing[0].is_alive(), "closing waits for a run that is being let in"
        workbench.database = database
        return database.write(action)

    workbench.database = Instead(database, write)
    run = workbench.supervisor.submit(a_request())
    closing[0].join(PATIENCE)
    with database.cursor() as cursor:
        assert runs.get(cursor, run.run_id).status is RunStatus.INTERRUPTED


def test_a_run_whose_end_is_stored_is_resumed_although_its_thread_has_not_let_go_of_it(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    database, is_stored, may_let_go = workbench.database, threading.Event(), threading.Event()
    run = workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)

    def write(action):
        written = database.write(action)
        with database.cursor() as cursor:
            if runs.get(cursor, run.run_id).status is RunStatus.CANCELLED:
                is_stored.set()
                may_let_go.wait(PATIENCE)
        return written

    workbench.database = Instead(database, write)
    workbench.supervisor.cancel(run.run_id)
    assert is_stored.wait(PATIENCE)
    threading.Timer(0.1, may_let_go.set).start()
    assert workbench.supervisor.resume(run.run_id).status is RunStatus.INITIALIZING


def test_of_two_resumptions_at_once_one_is_refused(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)
    workbench.supervisor.cancel(run.run_id)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    outcomes: list[str] = []
    meet = threading.Barrier(4)

    def resume() -> None:
        meet.wait()
        try:
            workbench.supervisor.resume(run.run_id)
            outcomes.append("resumed")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=resume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 3 + ["resumed"]
    until(lambda: workbench.supervisor.progress(run.run_id).run.status is RunStatus.RUNNING)
    with workbench.database.cursor() as cursor:
        assert runs.get(cursor, run.run_id).status is RunStatus.RUNNING


def test_elapsed_time_is_the_same_before_and_after_a_restart(open_workbench: Open, settings) -> None:
    with Workbench.open(settings, launcher=FakeLauncher(seconds=0.05), environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(a_request())
        workbench.supervisor.wait(run.run_id, PATIENCE)
        live = workbench.supervisor.progress(run.run_id)
    later = open_workbench(FakeLauncher()).supervisor.progress(run.run_id)
    assert 0.05 <= live.elapsed_seconds < PATIENCE
    assert later.elapsed_seconds == pytest.approx(live.elapsed_seconds, abs=1e-6)
    assert later.run.active_seconds == later.elapsed_seconds


def test_backends_are_remembered_between_starts(open_workbench: Open, settings) -> None:
    first = FakeLauncher()
    with Workbench.open(settings, launcher=first, environment=an_environment()) as workbench:
        found = workbench.backends()
    second = FakeLauncher()
    later = open_workbench(second)
    assert later.backends() == found
    assert (first.count("detect_backends"), second.count("detect_backends")) == (1, 0)
    later.backends(refresh=True)
    assert second.count("detect_backends") == 1


def test_results_are_not_lost_to_readers_while_a_run_goes_on(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(seconds=0.05))
    run = workbench.supervisor.submit(a_request(batch_sizes=(1, 2, 4), progressive=False))
    until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 1)
    with workbench.database.cursor() as cursor:
        assert results.count(cursor, ResultFilter(run_id=run.run_id)) >= 1
    workbench.supervisor.wait(run.run_id, PATIENCE)
