"""Cases at once: which may be, that each has cores of its own, and that the rest stay alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.domain.against import Against
from engine.domain.case import Case, Workload
from engine.domain.model import Size
from engine.domain.result import ResultStatus
from engine.domain.run import PlannedCase, Protocol, RunRequest, RunStatus
from engine.errors import InvalidValue, LauncherFailure
from engine.workflows import side_by_side
from engine.workflows.plan_run import plan_run
from engine.workflows.side_by_side import at_once, processor_slots
from tests.builders import a_case, a_protocol, a_request
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Open, rows, until

GIB = 2**30
SLOTS = [(0,), (1,)]


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "usable_physical_cores", lambda: 2)
    monkeypatch.setattr(side_by_side, "available_memory_bytes", lambda: 10 * GIB)
    monkeypatch.setattr(side_by_side, "slots_of", lambda threads, allowed: SLOTS if threads == 1 else [])


def beside(*models: str, **changes: object) -> RunRequest:
    values = {"threads": 1, "protocol": a_protocol(processes=2, side_by_side=True)}
    return a_request(*models, **(values | changes))


def planned(case: Case, *, repetition: int = 0, estimated_bytes: int | None = GIB) -> PlannedCase:
    return PlannedCase(case=case, repetition=repetition, estimated_bytes=estimated_bytes)


def sizes(items: Sequence[PlannedCase], *, progressive: bool = False) -> list[int]:
    return [len(group) for group in at_once(items, SLOTS, progressive=progressive)]


def test_two_cases_are_measured_at_once_on_cores_of_their_own(open_workbench: Open, two_cores: None) -> None:
    launcher = FakeLauncher(seconds=0.3)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(beside("bert", "gpt2"))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed) == (RunStatus.COMPLETED, 4)
    assert launcher.most_at_once == 2
    cores = [arguments["cores"] for name, arguments in launcher.calls if name == "measure_case"]
    assert sorted(cores[:2]) == sorted(cores[2:]) == [[0], [1]]
    assert len({(row.case.case_id, row.repetition) for row in rows(workbench, run)}) == 4


def test_without_being_asked_cases_stay_alone_with_all_cores(open_workbench: Open, two_cores: None) -> None:
    launcher = FakeLauncher(seconds=0.05)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(beside("bert", "gpt2", protocol=a_protocol(processes=2)))
    assert workbench.supervisor.wait(run.run_id, PATIENCE).completed == 4
    assert launcher.most_at_once == 1
    assert [arguments["cores"] for name, arguments in launcher.calls if name == "measure_case"] == [None] * 4


def test_the_plan_may_take_as_little_as_its_share(open_workbench: Open, two_cores: None) -> None:
    workbench = open_workbench(FakeLauncher())
    ended = workbench.supervisor.submit(beside("bert", "gpt2", protocol=a_protocol(processes=2)))
    workbench.supervisor.wait(ended.run_id, PATIENCE)
    alone, shared = (
        plan_run(workbench, beside("bert", "gpt2", protocol=a_protocol(processes=2, side_by_side=at_once)))
        for at_once in (False, True)
    )
    assert alone.estimated_seconds is not None and shared.estimated_seconds is not None
    assert shared.estimated_seconds[0] == pytest.approx(alone.estimated_seconds[0] / 2)
    assert shared.estimated_seconds[1] == alone.estimated_seconds[1]


def test_an_odd_case_at_the_end_has_as_many_cores_as_the_others(open_workbench: Open, two_cores: None) -> None:
    launcher = FakeLauncher(seconds=0.05)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(beside("bert", "gpt2", "t5", protocol=a_protocol(processes=1, side_by_side=True)))
    assert workbench.supervisor.wait(run.run_id, PATIENCE).completed == 3
    cores = [arguments["cores"] for name, arguments in launcher.calls if name == "measure_case"]
    assert sorted(cores[:2]) == [[0], [1]] and cores[2] == [0]


def test_cancelling_ends_both_and_each_has_its_row(open_workbench: Open, two_cores: None) -> None:
    launcher = FakeLauncher(seconds=60.0)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(beside("bert", "gpt2"))
    until(lambda: launcher.count("measure_case") == 2)
    workbench.supervisor.cancel(run.run_id)
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert ended.status is RunStatus.CANCELLED
    assert [row.status for row in rows(workbench, run)] == [ResultStatus.CANCELLED] * 2
    assert not [row for row in workbench.supervisor.progress(run.run_id).cases if row.state == "running"]


def test_both_running_cases_show_how_long_they_have_run(open_workbench: Open, two_cores: None) -> None:
    launcher = FakeLauncher(seconds=60.0)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(beside("bert", "gpt2"))
    until(lambda: launcher.count("measure_case") == 2)
    progress = workbench.supervisor.progress(run.run_id)
    running = [row for row in progress.cases if row.state == "running"]
    assert len(running) == 2 and all((row.elapsed_seconds or 0.0) > 0 for row in running)
    assert progress.current_step.endswith(", side by side, process 1 of 2")
    workbench.supervisor.cancel(run.run_id)
    workbench.supervisor.wait(run.run_id, PATIENCE)


def test_workers_gpus_and_exports_stay_alone(two_cores: None) -> None:
    plain = planned(a_case("bert"))
    assert sizes([plain, plain, plain]) == [2, 1]
    for alone in (
        a_case("bert", workload=Workload.CONCURRENCY, workers=2),
        a_case("bert", backend="cuda"),
        a_case("bert", backend="onnxruntime"),
    ):
        assert sizes([plain, planned(alone), plain]) == [1, 1, 1]


def test_cases_whose_equal_parts_of_memory_are_too_small_stay_alone(two_cores: None) -> None:
    """Each gets half of 10 GiB, and may need twice its peak while it is built."""
    small, large = planned(a_case("bert")), planned(a_case("t5"), estimated_bytes=2 * GIB + 1)
    assert sizes([small, large]) == [1, 1]
    assert sizes([small, small]) == [2]
    assert sizes([small, planned(a_case("t5"), estimated_bytes=None)]) == [1, 1]
    assert sizes([small, planned(a_case("t5", size=Size.TINY), estimated_bytes=None)]) == [2]


def test_a_batch_that_decides_over_the_next_is_not_beside_it(two_cores: None) -> None:
    batches = [planned(a_case("bert", batch_size=size)) for size in (1, 8)]
    assert sizes(batches, progressive=True) == [1, 1]
    assert sizes(batches) == [2]


def test_what_one_lane_raises_does_not_lose_what_the_other_measured(open_workbench: Open, two_cores: None) -> None:
    launcher = FakeLauncher(seconds=0.2)
    workbench = open_workbench(launcher)
    run_one = launcher.run

    def run(function, arguments, **how):
        if function.endswith(":measure_case") and arguments["case"]["model_type"] == "gpt2":
            raise LauncherFailure("the server has gone")
        return run_one(function, arguments, **how)

    launcher.run = run  # type: ignore[method-assign]
    run_of_two = workbench.supervisor.submit(beside("bert", "gpt2"))
    ended = workbench.supervisor.wait(run_of_two.run_id, PATIENCE)
    assert ended.status is RunStatus.FAILED and "the server has gone" in (ended.error or "")
    assert [row.case.model_type for row in rows(workbench, run_of_two)] == ["bert"]
    assert not [row for row in workbench.supervisor.progress(run_of_two.run_id).cases if row.state == "running"]


def test_what_leaves_no_cores_for_another_is_refused(open_workbench: Open, two_cores: None) -> None:
    with pytest.raises(InvalidValue, match="Two cases of 2 threads do not fit side by side on the 2 physical cores"):
        open_workbench(FakeLauncher()).supervisor.submit(beside("bert", threads=2))
    assert processor_slots(a_request("bert", threads=2)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"threads": None},
        {"against": Against(threads=2)},
        {"cold": True},
        {"protocol": Protocol(side_by_side=True, pinned=True)},
    ],
)
def test_what_has_to_be_alone_contradicts_it(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue, match="side by side"):
        a_request("bert", **({"threads": 1, "protocol": Protocol(side_by_side=True)} | changes))
