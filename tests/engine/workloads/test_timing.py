"""Warm-up and timed iterations, on passes that only count."""

from __future__ import annotations

import gc
import time

import pytest

from engine.workloads.inference import collector_held, timed_iterations, warm_up
from engine.workloads.stopping import StopRule
from tests.builders import a_protocol


class Passes:
    """A forward pass that notes its time and whether the collector may interfere."""

    def __init__(self, *seconds: float) -> None:
        self.begun: list[float] = []
        self.collecting: list[bool] = []
        self._seconds = seconds

    def __call__(self) -> None:
        self.begun.append(time.perf_counter())
        self.collecting.append(gc.isenabled())
        time.sleep(self._seconds[min(len(self.begun), len(self._seconds)) - 1])


def test_every_timed_pass_is_a_sample_and_no_other():
    once = Passes(0.001)
    samples, rule = timed_iterations(once, a_protocol(min_iterations=5, max_iterations=5, max_seconds=100.0))
    assert len(samples) == len(once.begun) == 5
    assert rule is StopRule.MOST
    assert all(sample >= 0.001 for sample in samples)


def test_a_sample_is_the_time_of_its_own_pass():
    samples, _ = timed_iterations(Passes(0.0, 0.2, 0.0), a_protocol(min_iterations=3, max_iterations=3))
    assert samples[1] >= 0.2
    assert sum(samples) >= 0.2


def test_the_collector_rests_during_timed_passes_and_comes_back():
    once = Passes(0.0)
    timed_iterations(once, a_protocol())
    assert once.collecting == [False, False, False]
    assert gc.isenabled()


def test_a_failing_pass_gives_the_collector_back():
    with pytest.raises(ZeroDivisionError):
        timed_iterations(lambda: 1 / 0, a_protocol())
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with collector_held():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_checked_first_pass_is_part_of_the_warm_up():
    once = Passes(0.0)
    discarded = warm_up(once, a_protocol(warmup=3, max_seconds=100.0), first_seconds=1e-9)
    assert len(once.begun) == discarded - 1 >= 2


def test_no_warm_up_asked_for_still_discards_the_first_pass():
    once = Passes(0.0)
    assert warm_up(once, a_protocol(warmup=0), first_seconds=5.0) == 1
    assert once.begun == []
