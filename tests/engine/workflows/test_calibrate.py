"""A calibration from its first process to what is stored; one that is cancelled, and one in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from engine.config import Settings
from engine.domain.calibration import PAIRS, CalibrationProgress, FindingState, MeterCheck
from engine.errors import Conflict
from engine.workflows.calibrate import calibrate, counting_calibration, newest_calibration
from engine.workflows.calibration_job import CalibrationJob
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.workbench import Workbench
from tests.builders import an_environment
from tests.calibration_builders import CalibratingLauncher

PATIENCE = 10.0
METERS = 4


@pytest.fixture
def launcher() -> CalibratingLauncher:
    return CalibratingLauncher()


@pytest.fixture
def bench(settings: Settings, launcher: CalibratingLauncher) -> Iterator[Workbench]:
    with Workbench.open(settings, launcher=launcher, environment=an_environment()) as opened:
        yield opened


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_check_is_made_and_the_newest_is_kept(bench: Workbench, launcher: CalibratingLauncher) -> None:
    assert newest_calibration(bench) is None
    first = calibrate(bench, groups=2)
    assert [finding.check for finding in first.findings] == [
        MeterCheck.TIMER_OVERHEAD,
        MeterCheck.TIMER_ERROR,
        MeterCheck.PRODUCT_SCALING,
        MeterCheck.PRODUCT_SPEED,
        MeterCheck.RESIDENT_MEMORY,
        MeterCheck.ALLOCATOR_PEAK,
        MeterCheck.DEVICE_PEAK,
        MeterCheck.PRODUCT_REPEATABILITY,
        MeterCheck.FALSE_ALARMS,
        MeterCheck.FALSE_ALARMS_APART,
        MeterCheck.FALSE_ALARMS_IN_PAIRS,
        MeterCheck.POWER,
    ]
    assert first.missed == ()
    assert first.noise is not None and 0 < first.noise.process_spread < 0.002
    assert len(launcher.calls) == METERS + 2 * PAIRS * 4
    assert newest_calibration(bench) == first
    second = calibrate(bench, groups=1)
    assert newest_calibration(bench) == second


def test_a_quick_one_does_not_replace_a_full_one(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.workflows.calibrate.GROUPS", 2)
    full = calibrate(bench, groups=2)
    assert not full.is_quick and counting_calibration(bench) == full
    later = calibrate(bench, groups=1)
    assert later.is_quick and (full.trials, later.trials) == (2, 1)
    assert (newest_calibration(bench), counting_calibration(bench)) == (later, full)
    assert counting_calibration(bench, "env-0002") is None


def test_sides_take_turns_in_coming_first(bench: Workbench, launcher: CalibratingLauncher) -> None:
    work: dict[tuple[str, int], int] = {}
    readings = launcher.readings

    def note(function, arguments, number):
        if function.endswith("time_product") and arguments["ticket"] is not None:
            ticket = arguments["ticket"]
            work[ticket["address"], ticket["place"]] = arguments["repetitions"]
        return readings(function, arguments, number)

    launcher.readings = note
    calibrate(bench, groups=1)
    addresses = {address for address, _ in work}
    assert len(addresses) == PAIRS
    rounds = {tuple(work[address, place] for place in range(3)) for address in addresses}
    assert rounds == {(100, 100, 105), (100, 105, 100), (105, 100, 100)}


def test_progress_counts_processes_and_estimates_the_rest(bench: Workbench) -> None:
    told: list[CalibrationProgress] = []
    calibrate(bench, groups=1, on_progress=told.append)
    rounds = [METERS + 4 * turn + begun for turn in range(PAIRS) for begun in (0, 1)]
    assert [progress.done for progress in told] == [*range(METERS), *rounds]
    assert {progress.total for progress in told} == {METERS + 4 * PAIRS}
    assert told[0].step == "Timing known sleeps" and told[0].remaining_seconds is None
    assert told[-1].step == "Same work and 5 % more, group 1 of 1" and told[-1].remaining_seconds is not None


def test_a_process_that_fails_is_a_finding_and_the_others_go_on(
    bench: Workbench, launcher: CalibratingLauncher
) -> None:
    launcher.failing = ("measure_memory", "time_product")
    found = calibrate(bench, groups=1)
    failed = {finding.check for finding in found.findings if finding.state is FindingState.FAILED}
    assert {MeterCheck.RESIDENT_MEMORY, MeterCheck.ALLOCATOR_PEAK, MeterCheck.POWER} <= failed
    assert found.noise is None
    assert {finding.problem for finding in found.missed} == {"It died of signal 11."}
    timer = found.finding(MeterCheck.TIMER_OVERHEAD)
    assert timer is not None and timer.state is FindingState.REACHED


def test_a_cancelled_calibration_leaves_nothing(bench: Workbench, launcher: CalibratingLauncher) -> None:
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        calibrate(bench, groups=1, cancel=cancel, on_progress=lambda progress: progress.done < 10 or cancel.set())
    assert newest_calibration(bench) is None
    assert len(launcher.calls) == METERS + 4 * 2 + 1


def test_it_waits_for_the_measurement_under_way(bench: Workbench, launcher: CalibratingLauncher) -> None:
    with bench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        bench.calibration.start(groups=1)
        until(lambda: _step(bench.calibration) == "Waiting for another measurement")
        assert launcher.calls == []
    until(lambda: bench.calibration.state.progress is None)
    assert newest_calibration(bench) is not None


def test_a_second_one_is_refused_while_one_is_under_way(bench: Workbench, launcher: CalibratingLauncher) -> None:
    launcher.hanging = ("measure_products",)
    bench.calibration.start(groups=1)
    assert launcher.begun.wait(PATIENCE)
    with pytest.raises(Conflict, match="under way already"):
        bench.calibration.start(groups=2)
    bench.calibration.cancel()
    until(lambda: bench.calibration.state.progress is None)
    assert bench.calibration.state.error is None
    assert newest_calibration(bench) is None
    with pytest.raises(Conflict, match="nothing to cancel"):
        bench.calibration.cancel()


def test_closing_ends_it(bench: Workbench, launcher: CalibratingLauncher) -> None:
    launcher.hanging = ("measure_timer",)
    bench.calibration.start(groups=1)
    assert launcher.begun.wait(PATIENCE)
    bench.calibration.close()
    assert bench.calibration.state.progress is None
    with pytest.raises(Conflict, match="ending"):
        bench.calibration.start(groups=1)


def test_what_goes_wrong_in_the_background_is_told(bench: Workbench, launcher: CalibratingLauncher) -> None:
    def broken(function, arguments, number):
        raise RuntimeError("no such reading")

    launcher.readings = broken
    bench.calibration.start(groups=1)
    until(lambda: bench.calibration.state.progress is None)
    assert bench.calibration.state.error == "RuntimeError: no such reading"


def _step(job: CalibrationJob) -> str | None:
    progress = job.state.progress
    return progress.step if progress is not None else None
