"""Runs that end when their time is spent."""

from __future__ import annotations

import pytest

from engine.domain.result import FailureKind, ResultStatus
from engine.domain.run import RunStatus, SizeChoice
from engine.errors import InvalidValue
from engine.storage import runs
from engine.workflows.plan_run import plan_run
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request, an_environment
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Open, rows, until

MANY = tuple(range(1, 9))


def test_no_case_begins_after_the_budget_and_each_left_out_says_so(open_workbench: Open) -> None:
    launcher = FakeLauncher(seconds=0.4)
    workbench = open_workbench(launcher)
    request = a_request("bert", "vit", batch_sizes=MANY, size=SizeChoice.TINY, budget_seconds=1.0, progressive=False)
    run = workbench.supervisor.submit(request)
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.failed, ended.total) == (RunStatus.COMPLETED, 0, 16)
    assert 1 <= ended.completed <= 3, "the one under way when the time was up was let finish"
    left_out = [row for row in rows(workbench, run) if row.status is ResultStatus.SKIPPED]
    assert len(left_out) == ended.skipped == 16 - ended.completed
    assert {row.failure.kind for row in left_out} == {FailureKind.OUT_OF_BUDGET}
    assert all("budget of 1s" in row.failure.reason for row in left_out)


def test_every_model_is_measured_before_any_second_batch(open_workbench: Open) -> None:
    launcher = FakeLauncher()
    workbench = open_workbench(launcher)
    request = a_request("bert", "vit", batch_sizes=(1, 8), protocol=a_protocol(processes=2), budget_seconds=600.0)
    workbench.supervisor.wait(workbench.supervisor.submit(request).run_id, PATIENCE)
    measured = [(case.model_type, case.batch_size) for case in launcher.measured()]
    assert {model for model, _ in measured[:2]} == {"bert", "vit"}
    assert [batch for _, batch in measured] == [1, 1, 8, 8] * 2


def test_the_estimate_made_before_the_launch_is_stored_with_the_result(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher())
    run = workbench.supervisor.submit(a_request("bert"))
    workbench.supervisor.wait(run.run_id, PATIENCE)
    with workbench.database.cursor() as cursor:
        (item,) = runs.plan(cursor, run.run_id).planned
    (row,) = rows(workbench, run)
    assert row.estimated_bytes == item.estimated_bytes is not None


def test_a_resumed_run_goes_on_with_what_is_left_of_its_budget(open_workbench: Open, settings) -> None:
    slow = FakeLauncher(seconds=0.3)
    request = a_request("bert", batch_sizes=MANY, size=SizeChoice.TINY, budget_seconds=2.0, progressive=False)
    with Workbench.open(settings, launcher=slow, environment=an_environment()) as workbench:
        run = workbench.supervisor.submit(request)
        until(lambda: workbench.supervisor.progress(run.run_id).run.completed >= 2)
    again = open_workbench(FakeLauncher(seconds=0.3))
    with again.database.cursor() as cursor:
        before = runs.get(cursor, run.run_id)
    assert before.active_seconds is not None and before.active_seconds >= 0.6
    again.supervisor.resume(run.run_id)
    ended = again.supervisor.wait(run.run_id, PATIENCE)
    assert ended.status is RunStatus.COMPLETED
    assert ended.completed < len(MANY), "2 s hold no more than seven of 0.3 s, those of both attempts together"
    assert ended.skipped == len(MANY) - ended.completed


def test_a_budget_too_short_for_any_case_measures_nothing_and_says_what_would_do(open_workbench: Open) -> None:
    launcher = FakeLauncher(parameters=lambda case: 400_000_000)
    workbench = open_workbench(launcher)
    request = a_request("bert", budget_seconds=1.0, protocol=a_protocol(min_iterations=50, max_iterations=50))
    with pytest.raises(InvalidValue, match=r"too short for a single case: .* Give at least"):
        plan_run(workbench, request)
    ended = workbench.supervisor.wait(workbench.supervisor.submit(request).run_id, PATIENCE)
    assert ended.status is RunStatus.FAILED and "too short for a single case" in str(ended.error)
    assert launcher.measured() == []


def test_progressive_mode_leaves_out_as_without_a_budget(open_workbench: Open) -> None:
    launcher = FakeLauncher(latency=lambda case: 0.01 * case.batch_size)
    workbench = open_workbench(launcher)
    request = a_request("bert", batch_sizes=(1, 2, 4), budget_seconds=600.0, progressive=True)
    run = workbench.supervisor.submit(request)
    workbench.supervisor.wait(run.run_id, PATIENCE)
    kinds = {row.case.batch_size: row.failure and row.failure.kind for row in rows(workbench, run)}
    assert kinds == {1: None, 2: None, 4: FailureKind.PLATEAU}
