"""Which pairs take turns: where both fit into memory, and leave the processor when they wait."""

from __future__ import annotations

import pytest

from engine.domain.against import Against
from engine.domain.case import Workload
from engine.domain.run import PlannedCase, RunStatus
from engine.errors import LauncherFailure
from engine.workflows import check_request, lanes, turn_taking
from engine.workflows.turn_taking import TurnTaking, may_take_turns
from tests.builders import a_case, a_protocol, a_request
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, Open

GIB = 2**30


@pytest.fixture(autouse=True)
def ten_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_taking, "available_memory_bytes", lambda: 10 * GIB)


def pair(estimated_bytes: int | None = GIB, **changes: object) -> list[PlannedCase]:
    cases = [a_case(**changes), a_case(batch_size=2, **changes)]
    return [PlannedCase(case=case, repetition=0, estimated_bytes=estimated_bytes) for case in cases]


@pytest.mark.parametrize("changes", [{}, {"backend": "onnxruntime"}, {"workload": Workload.GENERATION}])
def test_what_repeats_moments_on_the_processor_takes_turns(changes: dict[str, object]) -> None:
    assert may_take_turns(pair(**changes))
    assert not may_take_turns(pair(**changes)[:1])


@pytest.mark.parametrize(
    "changes",
    [
        {"backend": "cuda"},
        {"cold": True},
        {"workload": Workload.STARTUP},
        {"workload": Workload.CONCURRENCY, "workers": 2},
    ],
)
def test_others_follow_one_another(changes: dict[str, object]) -> None:
    assert not may_take_turns(pair(**changes))


def test_both_have_to_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not may_take_turns(pair(estimated_bytes=3 * GIB))
    assert not may_take_turns(pair(estimated_bytes=None))
    deciding = TurnTaking()
    assert deciding.is_for(pair())
    monkeypatch.setattr(turn_taking, "available_memory_bytes", lambda: GIB)
    assert not deciding.is_for(pair())
    monkeypatch.setattr(turn_taking, "available_memory_bytes", lambda: 10 * GIB)
    assert not deciding.is_for(pair()), "rounds of one pair are measured alike"


@pytest.mark.parametrize(("threads", "cores"), [(1, 2), (None, None)])
def test_all_of_a_pair_are_bound_to_as_many_cores_as_the_larger_needs(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch, threads: int | None, cores: int | None
) -> None:
    monkeypatch.setattr(check_request, "usable_logical_cores", lambda: 2)
    launcher = FakeLauncher()
    workbench = open_workbench(launcher)
    request = a_request(threads=threads, against=Against(threads=2), protocol=a_protocol(processes=2))
    run = workbench.supervisor.submit(request)
    assert workbench.supervisor.wait(run.run_id, PATIENCE).status is RunStatus.COMPLETED
    measured: list[dict[str, object]] = [dict(given) for name, given in launcher.calls if name == "measure_case"]
    assert all(isinstance(given["ticket"], dict) for given in measured)
    assert {given["ticket"]["cores"] for given in measured if isinstance(given["ticket"], dict)} == {cores}


def test_without_a_referee_they_follow_one_another_and_the_log_says_so(
    open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoReferee:
        def __init__(self, places: int) -> None:
            self.places = places

        def __enter__(self) -> None:
            raise LauncherFailure("No temporary folder can be made.")

        def __exit__(self, *error: object) -> None:
            raise AssertionError("it was never entered")

    monkeypatch.setattr(lanes, "Referee", NoReferee)
    launcher = FakeLauncher(seconds=0.05)
    workbench = open_workbench(launcher)
    run = workbench.supervisor.submit(a_request(against=Against(threads=1), protocol=a_protocol(processes=2)))
    ended = workbench.supervisor.wait(run.run_id, PATIENCE)
    assert (ended.status, ended.completed, launcher.most_at_once) == (RunStatus.COMPLETED, 4, 1)
    assert [given["ticket"] for name, given in launcher.calls if name == "measure_case"] == [None] * 4
