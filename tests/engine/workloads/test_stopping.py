"""When repeating ends, on timings written by hand."""

from __future__ import annotations

import pytest

from engine.workloads.stopping import MOST_EXTRA_WARMUP, Stopping, StopRule, is_warm, relative_halfwidth
from tests.builders import a_protocol


@pytest.mark.parametrize(
    ("seconds", "warmup", "warm"),
    [
        ([], 0, False),
        ([0.1], 0, True),
        ([0.1], 1, True),
        ([0.1], 2, False),
        ([0.1, 0.1], 2, True),
        ([0.4, 0.2], 2, False),
        ([0.4, 0.2, 0.195], 2, True),
        ([0.4, 0.2, 0.189], 2, False),
        ([0.4, 0.2, 0.3], 2, True),
    ],
)
def test_warm_means_as_many_as_asked_for_and_no_longer_speeding_up(seconds, warmup, warm):
    assert is_warm(seconds, a_protocol(warmup=warmup, max_seconds=100.0)) is warm


def test_a_model_that_never_settles_is_timed_after_ten_more_than_asked_for():
    protocol = a_protocol(warmup=2, max_seconds=1e9)
    ever_faster = [1e6 * 0.5**index for index in range(2 + MOST_EXTRA_WARMUP)]
    assert not is_warm(ever_faster[:-1], protocol)
    assert is_warm(ever_faster, protocol)


def test_warming_up_takes_no_longer_than_the_budget_of_timed_iterations():
    assert is_warm([0.7, 0.3], a_protocol(warmup=2, max_seconds=1.0))
    assert not is_warm([0.6, 0.3], a_protocol(warmup=2, max_seconds=1.0))


@pytest.mark.parametrize(
    ("samples", "halfwidth"),
    [
        ([12.0, 1.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0, 5.0, 20.0], (12.0 - 5.5) / 5.5),
        ([9.0, 1.0, 2.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 9.0], (8.0 - 2.0) / 8.0),
    ],
)
def test_the_halfwidth_is_the_longer_side_of_the_medians_interval_over_the_median(samples, halfwidth):
    # Of ten values the second and the ninth enclose the median with 97.9 %.
    assert relative_halfwidth(samples) == pytest.approx(halfwidth)


def test_five_samples_have_no_interval():
    assert relative_halfwidth([1.0] * 5) is None
    assert relative_halfwidth([1.0] * 6) == 0.0


def test_nothing_ends_before_the_fewest_iterations_not_even_a_spent_budget():
    stopping = Stopping(a_protocol(min_iterations=8, max_iterations=20, max_seconds=1.0))
    assert [stopping.rule([1.0] * count, 50.0) for count in range(1, 8)] == [None] * 7
    assert stopping.rule([1.0] * 8, 50.0) is StopRule.NARROW


def test_a_spent_budget_ends_a_measurement_whose_interval_is_wide():
    stopping = Stopping(a_protocol(min_iterations=3, max_iterations=20, max_seconds=1.0))
    assert stopping.rule([0.1, 0.2, 0.4], 0.99) is None
    assert stopping.rule([0.1, 0.2, 0.4, 0.1], 1.0) is StopRule.BUDGET


def test_the_most_iterations_end_a_measurement_whose_interval_is_wide():
    stopping = Stopping(a_protocol(min_iterations=3, max_iterations=7, max_seconds=1e9))
    wide = [1.0, 2.0, 4.0, 1.0, 2.0, 4.0, 1.0]
    rules = [stopping.rule(wide[:count], 0.0) for count in range(1, 8)]
    assert rules == [None] * 6 + [StopRule.MOST]


def test_a_narrow_interval_counts_only_below_the_asked_for_width():
    samples = [1.00, 1.02] * 5
    width = relative_halfwidth(samples)
    wide = Stopping(a_protocol(min_iterations=10, max_iterations=20, target_relative_halfwidth=width))
    assert wide.rule(samples, 0.0) is None
    narrow = Stopping(a_protocol(min_iterations=10, max_iterations=20, target_relative_halfwidth=1.01 * width))
    assert narrow.rule(samples, 0.0) is StopRule.NARROW


def test_the_interval_is_looked_at_ever_more_rarely():
    stopping = Stopping(a_protocol(min_iterations=10, max_iterations=100, max_seconds=1e9))
    wide = [1.0, 3.0] * 50
    assert stopping.rule(wide[:10], 0.0) is None
    assert stopping.rule([1.0] * 12, 0.0) is None  # narrow, but the next look is at 13
    assert stopping.rule([1.0] * 13, 0.0) is StopRule.NARROW
