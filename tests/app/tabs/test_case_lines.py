from __future__ import annotations

import pytest

from app.case_lines import around_running, case_lines, shares
from engine.domain.case import Workload
from tests.builders import a_case, a_case_progress

BERT, VIT = a_case("bert"), a_case("vit")


def executions(case: object, *states: str) -> list[object]:
    return [
        a_case_progress(index, state, case, repetition=index, reason="no kernel" if state == "failed" else None)  # type: ignore[arg-type]
        for index, state in enumerate(states)
    ]


def line_of(*states: str) -> object:
    return case_lines(executions(BERT, *states))[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (("completed", "completed"), "completed"),
        (("completed", "running"), "running"),
        (("completed", "queued"), "queued"),
        (("completed", "failed", "queued"), "failed"),
        (("completed", "cancelled"), "cancelled"),
        (("skipped",), "skipped"),
    ],
)
def test_a_case_is_as_far_as_its_processes(states: tuple[str, ...], state: str) -> None:
    assert line_of(*states).state == state  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("states", "state", "measured"),
    [
        (("completed", "completed", "queued"), "completed", 2),
        (("completed", "cancelled", "queued"), "completed", 1),
        (("cancelled", "queued"), "cancelled", 0),
        (("queued", "queued"), "not run", 0),
        (("completed", "failed", "queued"), "failed", 1),
        (("skipped",), "skipped", 0),
    ],
)
def test_nothing_is_queued_once_the_run_has_ended(states: tuple[str, ...], state: str, measured: int) -> None:
    line = case_lines(executions(BERT, *states), ended=True)[0]  # type: ignore[arg-type]
    assert (line.state, line.measured) == (state, measured)


def test_interleaved_processes_are_gathered_in_the_order_of_planning() -> None:
    first, second = executions(BERT, "completed", "running"), executions(VIT, "completed", "queued")
    lines = case_lines([first[0], second[0], first[1], second[1]])  # type: ignore[list-item]
    assert [(line.case.model_type, line.done, line.executions) for line in lines] == [("bert", 1, 2), ("vit", 1, 2)]


def test_a_line_carries_the_interval_over_its_processes_and_the_first_reason() -> None:
    done = case_lines(executions(BERT, "completed", "completed", "completed"))[0]  # type: ignore[arg-type]
    assert done.throughput is not None
    assert (done.throughput.processes, done.reason) == (3, None)
    assert done.elapsed_seconds == pytest.approx(3 * 1.9)
    assert case_lines(executions(BERT, "completed", "failed"))[0].reason == "no kernel"  # type: ignore[arg-type]


def test_startup_has_no_throughput() -> None:
    case = a_case(workload=Workload.STARTUP)
    assert case_lines(executions(case, "completed"))[0].throughput is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "states", [("completed", "running", "queued"), ("running", "queued"), ("failed", "queued"), ("queued",)]
)
def test_shares_of_the_bar_add_up_to_one(states: tuple[str, ...]) -> None:
    lines = case_lines([*executions(BERT, *states), *executions(VIT, "skipped")])  # type: ignore[list-item]
    found = dict(shares(lines))
    assert sum(found.values()) == pytest.approx(1)
    assert found["skipped"] == pytest.approx(0.5)


def test_finished_processes_of_a_running_case_count_as_done() -> None:
    found = dict(shares(case_lines(executions(BERT, "completed", "running", "queued", "queued"))))  # type: ignore[arg-type]
    assert found == pytest.approx({"completed": 0.25, "running": 0.25, "queued": 0.5})


def test_a_case_of_an_ended_run_has_as_much_of_the_bar_as_it_has_processes() -> None:
    cases = [*executions(BERT, "completed", "queued", "queued", "queued"), *executions(VIT, *["queued"] * 4)]
    assert dict(shares(case_lines(cases, ended=True))) == pytest.approx({"completed": 0.125, "not run": 0.875})  # type: ignore[arg-type]
    whole = executions(BERT, "completed", "completed")
    assert dict(shares(case_lines(whole, ended=True))) == {"completed": 1.0}  # type: ignore[arg-type]


def test_the_window_holds_the_running_case_and_never_shrinks() -> None:
    cases = [a_case("bert", batch_size=size) for size in range(1, 41)]
    for at in (0, 20, 39):
        progress = [
            a_case_progress(index, "completed" if index < at else "running" if index == at else "queued", case)
            for index, case in enumerate(cases)
        ]
        window = around_running(case_lines(progress), 14)
        assert len(window) == 14
        assert cases[at] in [line.case for line in window]
