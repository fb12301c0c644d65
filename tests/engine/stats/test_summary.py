from __future__ import annotations

import math

import pytest

from engine.domain.measurement import IntervalMethod
from engine.errors import NotEnoughData
from engine.stats.summary import estimate_over_processes, estimate_within_process, range_over_processes


def test_one_process_has_no_interval_over_processes() -> None:
    estimate = estimate_over_processes([0.04], samples=30)
    assert (estimate.value, estimate.low, estimate.high, estimate.confidence) == (0.04, None, None, None)
    assert (estimate.method, estimate.processes, estimate.samples) == (IntervalMethod.NONE, 1, 30)


def test_three_processes_have_a_t_interval_on_logarithms() -> None:
    # logs of 1, e, e^2 are 0, 1, 2: mean 1, sd 1, so 1 +- 4.3027 / sqrt(3) = 1 +- 2.48417.
    estimate = estimate_over_processes([1.0, math.e, math.e**2], samples=3)
    assert estimate.value == pytest.approx(math.e)
    assert estimate.low == pytest.approx(math.exp(1 - 2.48417), rel=1e-4)
    assert estimate.high == pytest.approx(math.exp(1 + 2.48417), rel=1e-4)
    assert (estimate.method, estimate.confidence) == (IntervalMethod.T_LOG_PROCESSES, 0.95)


def test_a_value_of_zero_has_no_logarithm_and_no_interval() -> None:
    estimate = estimate_over_processes([0.0, 1.0, 2.0], samples=3)
    assert (estimate.value, estimate.low, estimate.method) == (1.0, None, IntervalMethod.NONE)


@pytest.mark.parametrize(("processes", "outermost"), [(9, 4), (10, 6)])
def test_a_median_beside_the_interval_of_the_geometric_mean_is_its_end(processes: int, outermost: int) -> None:
    values = [1.0] * (processes - outermost) + [math.e] * outermost
    estimate = estimate_over_processes(values, samples=processes)
    assert estimate.method is IntervalMethod.T_LOG_PROCESSES
    assert estimate.value == (estimate.low if processes == 9 else estimate.high)


def test_eleven_processes_are_resampled_and_give_the_same_interval_every_time() -> None:
    values = [1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.45, 1.5]
    assert estimate_over_processes(values[:-1], samples=100).method is IntervalMethod.T_LOG_PROCESSES
    estimate = estimate_over_processes(values, samples=110)
    assert estimate.method is IntervalMethod.BOOTSTRAP_PROCESSES
    assert estimate.low is not None and estimate.high is not None
    assert 1.0 <= estimate.low < estimate.value < estimate.high <= 1.5
    assert estimate == estimate_over_processes(values, samples=110)


@pytest.mark.parametrize("processes", [8, 12])
def test_identical_processes_have_an_interval_of_no_width(processes: int) -> None:
    estimate = estimate_over_processes([2.0] * processes, samples=processes)
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx((2.0, 2.0, 2.0))


def test_iterations_of_one_process_carry_an_interval_from_six_on() -> None:
    assert estimate_within_process([1.0, 2.0, 3.0, 4.0, 5.0]).method is IntervalMethod.NONE
    estimate = estimate_within_process([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert (estimate.low, estimate.value, estimate.high) == (1.0, 3.5, 6.0)
    assert (estimate.method, estimate.processes, estimate.samples) == (IntervalMethod.ORDER_STATISTIC, 1, 6)


def test_peaks_are_shown_with_their_range_and_claim_no_confidence() -> None:
    estimate = range_over_processes([300.0, 320.0, 310.0])
    assert (estimate.value, estimate.low, estimate.high, estimate.confidence) == (310.0, 300.0, 320.0, None)
    assert estimate.method is IntervalMethod.RANGE


def test_nothing_is_not_summarised() -> None:
    with pytest.raises(NotEnoughData):
        estimate_over_processes([], samples=0)
