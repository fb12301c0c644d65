"""One run at a time, in the order of asking, and stopping one of them."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from engine.domain.run import RunStatus, SizeChoice
from engine.errors import Conflict, NotFound
from engine.storage import runs
from tests.builders import a_request
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Open, until


class _SlowlyCounting(FakeLauncher):
    def _count_facts(self, arguments, started):
        self.begun.set()
        time.sleep(0.2)
        return super()._count_facts(arguments, started)


def test_one_process_at_a_time_and_runs_in_the_order_of_asking(open_workbench: Open) -> None:
    launcher = _SlowlyCounting(seconds=0.02)
    workbench = open_workbench(launcher)
    first = workbench.supervisor.submit(a_request("bert", "gpt2"))
    quickly_planned = [workbench.supervisor.submit(a_request(name, size=SizeChoice.TINY)) for name in ("vit", "t5")]
    until(lambda: workbench.supervisor.progress(quickly_planned[1].run_id).run.status is RunStatus.QUEUED)
    assert workbench.supervisor.progress(first.run_id).run.status is RunStatus.INITIALIZING
    ended = [workbench.supervisor.wait(run.run_id, PATIENCE) for run in (first, *quickly_planned)]
    assert [run.status for run in ended] == [RunStatus.COMPLETED] * 3
    assert launcher.most_at_once == 1
    assert [case.model_type for case in launcher.measured()] == ["bert", "gpt2", "vit", "t5"]
    times = [(run.started_at, run.finished_at) for run in ended]
    assert all(before[1] <= after[0] for before, after in pairwise(times))


def test_a_run_whose_planning_fails_leaves_the_line(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("count_facts",))
    workbench = open_workbench(launcher)
    first = workbench.supervisor.submit(a_request("bert"))
    launcher.begun.wait(PATIENCE)
    second = workbench.supervisor.submit(a_request("vit", size=SizeChoice.TINY))
    workbench.supervisor.cancel(first.run_id)
    assert workbench.supervisor.wait(second.run_id, PATIENCE).status is RunStatus.COMPLETED


def test_active_runs_are_listed_in_the_order_in_which_they_will_run(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    submitted = [workbench.supervisor.submit(a_request("bert", size=SizeChoice.TINY)) for _ in range(3)]
    workbench.supervisor.cancel(submitted[1].run_id)
    workbench.supervisor.wait(submitted[1].run_id, PATIENCE)
    workbench.supervisor.resume(submitted[1].run_id)
    assert [progress.run.number for progress in workbench.supervisor.active()] == [1, 3, 2]


@pytest.mark.parametrize("function", ["count_facts", "verify", "measure_case"])
def test_cancelling_stops_whatever_the_run_is_doing(open_workbench: Open, function: str) -> None:
    launcher = FakeLauncher(slow=(function,))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request("bert", "vit"))
    assert launcher.begun.wait(PATIENCE)
    started = time.monotonic()
    assert workbench.supervisor.cancel(run.run_id).status is RunStatus.CANCELLING
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert time.monotonic() - started < 2.0
    assert (ended.status, ended.completed, ended.failed) == (RunStatus.CANCELLED, 0, 0)
    assert ended.cancelled == (1 if function == "measure_case" else 0)
    with workbench.database.cursor() as cursor:
        assert runs.get(cursor, run.run_id).status is RunStatus.CANCELLED


def test_a_queued_run_can_be_cancelled_while_another_goes_on(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.2)
    workbench = open_workbench(launcher)
    first = workbench.supervisor.submit(a_request("bert", batch_sizes=(1, 2, 4), progressive=False))
    until(lambda: workbench.supervisor.progress(first.run_id).run.status is RunStatus.RUNNING)
    second = workbench.supervisor.submit(a_request("vit", size=SizeChoice.TINY))
    until(lambda: workbench.supervisor.progress(second.run_id).run.status is RunStatus.QUEUED)
    workbench.supervisor.cancel(str(second.number))
    assert workbench.supervisor.wait(second.run_id, 2.0).status is RunStatus.CANCELLED
    assert workbench.supervisor.wait(first.run_id, PATIENCE).status is RunStatus.COMPLETED
    assert all(case.model_type == "bert" for case in launcher.measured())


def test_cancelling_what_has_ended_or_never_was_is_told(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request())
    workbench.supervisor.wait(run.run_id, PATIENCE)
    with pytest.raises(Conflict, match="completed"):
        workbench.supervisor.cancel(run.run_id)
    with pytest.raises(NotFound):
        workbench.supervisor.cancel("no-such-run")


def test_cancelling_twice_does_no_harm(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(seconds=5.0))
    run = workbench.supervisor.submit(a_request())
    assert workbench.supervisor.cancel(run.run_id).status is RunStatus.CANCELLING
    try:
        assert workbench.supervisor.cancel(run.run_id).status is RunStatus.CANCELLING
    except Conflict as conflict:  # the first was quicker
        assert conflict.message == "Run 1 is cancelled; there is nothing to cancel."
    assert workbench.supervisor.wait(run.run_id, PATIENCE).status is RunStatus.CANCELLED


def test_a_run_that_ended_while_it_was_looked_up_is_refused_as_it_ended(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request())
    before = replace(run, status=RunStatus.INITIALIZING)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    stored = workbench.supervisor._stored
    answers = iter([before])
    monkeypatch.setattr(workbench.supervisor, "_stored", lambda name: next(answers, None) or stored(name))
    with pytest.raises(Conflict, match="Run 1 is completed; there is nothing to cancel"):
        workbench.supervisor.cancel(run.run_id)


def test_a_cancel_that_comes_as_the_run_ends_is_refused_and_the_end_stands(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request())
    workbench.supervisor.wait(run.run_id, PATIENCE)
    live = workbench.supervisor._ended[run.run_id]
    workbench.supervisor._live[run.run_id] = live
    with pytest.raises(Conflict, match="completed"):
        workbench.supervisor.cancel(run.run_id)
    del workbench.supervisor._live[run.run_id]
    assert workbench.supervisor.progress(run.run_id).run.status is RunStatus.COMPLETED
