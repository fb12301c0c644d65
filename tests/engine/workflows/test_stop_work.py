"""The program ends: what is under way is finished or interrupted, and nothing begins."""

from __future__ import annotations

import threading
import time

import pytest

from engine.config import OnStop, StopPolicy
from engine.domain.result import ResultStatus
from engine.domain.run import Run, RunStatus
from engine.errors import Ending
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Open, rows, until

FINISH = StopPolicy(on_stop=OnStop.FINISH, seconds=PATIENCE)
INTERRUPT = StopPolicy(on_stop=OnStop.INTERRUPT)


def in_the_middle(workbench: Workbench, launcher: FakeLauncher, processes: int = 4) -> Run:
    """A run of which one execution has ended and the second is under way."""
    request = a_request("bert", batch_sizes=(1,), protocol=a_protocol(processes=processes))
    run = workbench.supervisor.submit(request)
    until(lambda: len(launcher.measured()) == 2)
    return run


def is_refused(workbench: Workbench) -> bool:
    try:
        workbench.supervisor.submit(a_request("gpt2"))
    except Ending as refusal:
        assert "starts no run" in refusal.message
        return True
    return False


def test_finishing_stores_the_execution_under_way_and_begins_no_other(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.3)
    workbench = open_workbench(launcher)
    run = in_the_middle(workbench, launcher)
    waiting = workbench.supervisor.submit(a_request("vit"))
    workbench.stop_work(FINISH, threading.Event())
    ended = workbench.supervisor.progress(run.run_id).run
    assert (ended.status, ended.completed, ended.cancelled) == (RunStatus.INTERRUPTED, 2, 0)
    assert [row.status for row in rows(workbench, run)] == [ResultStatus.COMPLETED] * 2
    assert len(launcher.measured()) == 2
    assert workbench.supervisor.progress(waiting.run_id).run.status is RunStatus.INTERRUPTED


def test_the_last_execution_of_a_run_completes_it(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.3)
    workbench = open_workbench(launcher)
    run = in_the_middle(workbench, launcher, processes=2)
    workbench.stop_work(FINISH, threading.Event())
    ended = workbench.supervisor.progress(run.run_id).run
    assert (ended.status, ended.completed) == (RunStatus.COMPLETED, 2)


def test_interrupting_does_not_wait_for_it(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)
    began = time.monotonic()
    workbench.stop_work(INTERRUPT, threading.Event())
    assert time.monotonic() - began < PATIENCE / 4
    assert workbench.supervisor.progress(run.run_id).run.status is RunStatus.INTERRUPTED
    assert rows(workbench, run) == [], "it is done again, so nothing of it is kept"


@pytest.mark.parametrize("seconds", [1.0, PATIENCE])
def test_finishing_ends_when_its_time_is_over_or_somebody_is_in_a_hurry(open_workbench: Open, seconds: float) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)
    at_once = threading.Event()
    if seconds == PATIENCE:
        at_once.set()
    began = time.monotonic()
    workbench.stop_work(StopPolicy(on_stop=OnStop.FINISH, seconds=seconds), at_once)
    assert time.monotonic() - began < PATIENCE / 2
    assert workbench.supervisor.progress(run.run_id).run.status is RunStatus.INTERRUPTED


def test_meanwhile_runs_are_refused_and_watched(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.5)
    workbench = open_workbench(launcher)
    run = in_the_middle(workbench, launcher)
    stopping = threading.Thread(target=workbench.stop_work, args=(FINISH, threading.Event()))
    stopping.start()
    until(lambda: is_refused(workbench))
    with pytest.raises(Ending, match="no calibration"):
        workbench.calibration.start(groups=20)
    assert workbench.supervisor.progress(run.run_id).run.status is RunStatus.RUNNING
    stopping.join(PATIENCE)
    ended = workbench.supervisor.progress(run.run_id).run
    assert (ended.status, ended.completed) == (RunStatus.INTERRUPTED, 2)


def test_a_run_that_only_waits_for_its_device_is_interrupted_at_once(open_workbench: Open) -> None:
    launcher = FakeLauncher(slow=("measure_case",))
    workbench = open_workbench(launcher)
    workbench.supervisor.submit(a_request())
    launcher.begun.wait(PATIENCE)
    waiting = workbench.supervisor.submit(a_request("vit"))
    at_once = threading.Event()
    stopping = threading.Thread(target=workbench.stop_work, args=(FINISH, at_once))
    stopping.start()
    until(lambda: workbench.supervisor.progress(waiting.run_id).run.status is RunStatus.INTERRUPTED)
    assert stopping.is_alive(), "the first is let finish"
    at_once.set()
    stopping.join(PATIENCE)
