"""Processes that are measured in turns: one at a time, until all have enough, whoever fails or leaves."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.launchers import ProcessOutcome
from engine.benchmarking.own_turns import OwnTurns, taking_turns
from engine.benchmarking.referee import Referee
from engine.benchmarking.run_in_turns import run_in_turns
from engine.domain.result import FailureKind
from engine.errors import LauncherFailure
from engine.workloads.stopping import StopRule
from engine.workloads.timed_turns import FEWEST, TURN_SECONDS, iterations_in_turns
from tests.builders import a_protocol

PATIENCE = 20.0
_TIME_PRODUCT = "engine.benchmarking.calibration_products:time_product"


def together(count: int, work: Callable[[OwnTurns, int], object]) -> list[object]:
    """What each of so many threads, in the part of processes, returned; an exception is raised here."""
    with Referee(count) as referee, ThreadPoolExecutor(count) as pool:

        def one(place: int) -> object:
            try:
                with taking_turns(referee.ticket(place), lambda: float(place + 1)) as turns:
                    assert turns is not None
                    return work(turns, place)
            finally:
                referee.ended(place)

        found: list[Future[object]] = [pool.submit(one, place) for place in reversed(range(count))]
        return [future.result(PATIENCE) for future in reversed(found)]


def test_turns_go_round_and_each_part_ends_when_all_have_enough() -> None:
    log: list[str] = []

    def work(turns: OwnTurns, place: int) -> None:
        for part in range(2):
            done = 0
            is_over = False
            while not is_over:
                log.append(f"{part}{'abc'[place]}")
                done += 1
                is_over = turns.pass_on(is_enough=done > place)

    together(3, work)
    assert log == ["0a", "0b", "0c"] * 3 + ["1a", "1b", "1c"] * 3


def test_one_that_fails_leaves_the_turns_to_the_others() -> None:
    done: list[int] = []

    def work(turns: OwnTurns, place: int) -> None:
        if place == 0:
            raise RuntimeError("no such model")
        for _ in range(3):
            done.append(place)
            turns.pass_on(is_enough=False)

    with pytest.raises(RuntimeError, match="no such model"):
        together(2, work)
    assert done == [1, 1, 1]


def test_nobody_waits_for_a_process_that_was_not_started() -> None:
    with Referee(2) as referee:
        referee.ended(0)
        with taking_turns(referee.ticket(1), lambda: 0.5) as turns:
            assert turns is not None and turns.pass_on(is_enough=True)
            assert turns.others_seconds == 0


def test_without_a_referee_a_process_fails_instead_of_computing_beside_another() -> None:
    referee = Referee(2)
    with referee:
        referee.ended(0)
        with taking_turns(referee.ticket(1), lambda: 0.5) as turns:
            assert turns is not None
            referee.__exit__(None, None, None)
            with pytest.raises(LauncherFailure, match="measure the pair again"):
                turns.pass_on(is_enough=False)
    with taking_turns(None, lambda: 0.5) as none:
        assert none is None
    with pytest.raises(LauncherFailure), taking_turns(referee.ticket(0), lambda: 0.5):
        pass


def test_a_process_that_is_started_again_finds_its_place_and_what_it_used_before_counts() -> None:
    """The launcher does so when its fork server dies, with the same ticket."""

    def work(turns: OwnTurns, place: int) -> list[float]:
        used = []
        for _ in range(4):
            turns.pass_on(is_enough=True)
            used.append(turns.others_seconds)
        return used

    with Referee(2) as referee, ThreadPoolExecutor(2) as pool:

        def twice(place: int) -> list[list[float]]:
            found = []
            for _ in range(2 if place == 0 else 1):
                with taking_turns(referee.ticket(place), lambda: 1.0) as turns:
                    assert turns is not None
                    found.append(work(turns, place))
            referee.ended(place)
            return found

        first, second = (future.result(PATIENCE) for future in [pool.submit(twice, place) for place in range(2)])
    assert first == [[1.0] * 4] * 2
    assert second[0] == sorted(second[0]) and second[0][-1] <= 2.0, "what the others used never grows less"


def test_a_temporary_folder_with_too_long_a_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("a" * 90)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(LauncherFailure, match="set TMPDIR to a folder of your own with a short name"), Referee(2):
        pass
    assert not list(deep.iterdir())


def test_each_knows_what_the_others_used_and_how_long_it_waited() -> None:
    def work(turns: OwnTurns, place: int) -> tuple[float, float]:
        threading.Event().wait(0.1)
        turns.pass_on(is_enough=True)
        return turns.others_seconds, turns.waited_seconds

    found = together(2, work)
    assert [others for others, _ in found] == [2.0, 1.0]  # type: ignore[misc]
    assert all(0.05 < waited < PATIENCE for _, waited in found)  # type: ignore[misc]


@dataclass
class Alternating:
    """Turns with a partner that has enough after so many of its own."""

    partner_needs: int
    settle_seconds: float = 0.0
    said: list[bool] = field(default_factory=list)

    def pass_on(self, *, is_enough: bool) -> bool:
        self.said.append(is_enough)
        return is_enough and len(self.said) > self.partner_needs


def test_iterations_begin_once_all_are_warm_and_go_on_until_the_partner_has_enough() -> None:
    untimed: list[bool] = []
    turns = Alternating(partner_needs=9)
    samples, rule = iterations_in_turns(
        lambda: untimed.append(threading.Event().wait(0.4)),
        a_protocol(min_iterations=2, max_iterations=1000, target_relative_halfwidth=10.0),
        turns,
        clock=lambda once: threading.Event().wait(2 * TURN_SECONDS) or TURN_SECONDS,
    )
    assert turns.said[0] is False and len(turns.said) == 10
    assert rule is StopRule.NARROW
    assert len(samples) == 9, "one long iteration a turn, and more than it needed itself"
    assert len(untimed) == 1, "of long ones the first alone"


def test_a_short_iteration_at_the_start_of_each_turn_is_discarded_and_turns_share_the_most() -> None:
    done: list[float] = []
    turns = Alternating(partner_needs=3)
    samples, rule = iterations_in_turns(
        lambda: done.append(0.0), a_protocol(min_iterations=40, max_iterations=40), turns, clock=quick(done)
    )
    assert rule is StopRule.MOST and len(samples) == 40
    assert len(turns.said) == 1 + 40 // FEWEST
    assert len(done) == len(samples) + 40 // FEWEST


def quick(done: list[float]) -> Callable[[Callable[[], object]], float]:
    def clock(once: Callable[[], object]) -> float:
        once()
        return TURN_SECONDS / (40 + len(done) % 7)

    return clock


def test_only_one_process_computes_at_a_time(loaded: ForkServerLauncher) -> None:
    product = {"size": 64, "warmup": 1, "iterations": 20, "repetitions": 2000}
    began = time.monotonic()
    found = run_in_turns(loaded, _TIME_PRODUCT, [product, product, product], timeout_seconds=120)
    elapsed = time.monotonic() - began
    assert all(one.ok for one in found)
    used = sum(one.cpu_seconds or 0.0 for one in found)
    assert used < 1.1 * elapsed, "together they used more than one processor"


@pytest.mark.parametrize("how", ["raises", "is killed"])
def test_a_process_that_ends_in_its_turn_does_not_hold_up_the_other(loaded: ForkServerLauncher, how: str) -> None:
    product = {"size": 64, "warmup": 1, "iterations": 20, "repetitions": 100}
    broken = {**product, "size": -1} if how == "raises" else {**product, "iterations": 10**6, "kill": True}
    function = "tests.engine.benchmarking.case_functions:product_or_death"
    began = time.monotonic()
    gone, whole = run_in_turns(loaded, function, [broken, product], timeout_seconds=120)
    assert gone.failure is not None and whole.ok
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("holds", "limit", "survives"),
    [((60.0,), 1.0, False), ((0.2, 0.2, 0.2), 2.0, True), ((0.6, 0.6, 0.6, 60.0), 1.5, False)],
    ids=["one turn too long", "waits for longer than its limit", "its turns together"],
)
def test_a_process_is_ended_once_its_own_turns_lasted_too_long(
    loaded: ForkServerLauncher, holds: Sequence[float], limit: float, survives: bool
) -> None:
    function = "tests.engine.benchmarking.case_functions:hold_turns"
    with Referee(2) as referee, ThreadPoolExecutor(2) as pool:

        def one(place: int) -> ProcessOutcome:
            ticket = referee.ticket(place, seconds=limit if place == 0 else 60.0)
            try:
                seconds = holds if place == 0 else (1.0, 1.0, 1.0)
                return loaded.run(function, {"ticket": ticket, "seconds": seconds}, timeout_seconds=50)
            finally:
                referee.ended(place)

        limited, whole = pool.map(one, range(2))
    assert whole.ok
    assert limited.ok is survives
    if not survives:
        assert limited.failure is not None and limited.failure.kind is FailureKind.TIMEOUT
        assert "Its own turns were not finished within the time limit" in limited.failure.reason


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system binds no process to cores")
def test_all_are_bound_to_the_same_cores_where_that_leaves_a_choice(loaded: ForkServerLauncher) -> None:
    function = "tests.engine.benchmarking.case_functions:bound_cores"
    allowed = sorted(os.sched_getaffinity(0))
    for cores in (1, len(allowed), None):
        found = [one.value for one in run_in_turns(loaded, function, [{}, {}], cores=cores, timeout_seconds=60)]
        assert found[0] is not None and found[0] == found[1]
        if cores == 1 and len(allowed) > 1:
            assert len(found[0]["cores"]) == 1 and found[0]["binding"].startswith("Pinned to core ")
        else:
            assert (found[0]["cores"], found[0]["binding"]) == (allowed, None)
