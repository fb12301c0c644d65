from __future__ import annotations

import pytest

from engine.analysis.scaling import scaling
from tests.builders import a_case, a_summary


def test_throughput_that_grows_half_as_fast_as_the_batch_is_half_efficient() -> None:
    one = a_summary(a_case(batch_size=1), latencies=(0.1, 0.1, 0.1))
    eight = a_summary(a_case(batch_size=8), latencies=(0.2, 0.2, 0.2))
    (line,) = scaling([eight, one])
    assert [point.summary.case.batch_size for point in line] == [1, 8]
    assert line[0].efficiency == 1.0 and line[0].low is None
    assert line[1].efficiency == pytest.approx(0.5)
    assert line[1].low == pytest.approx(0.5) and line[1].high == pytest.approx(0.5)


def test_the_interval_carries_the_spread_of_both_ends() -> None:
    one = a_summary(a_case(batch_size=1), latencies=(0.09, 0.1, 0.11))
    eight = a_summary(a_case(batch_size=8), latencies=(0.75, 0.8, 0.85))
    (line,) = scaling([one, eight])
    low, high = line[1].low, line[1].high
    assert low is not None and high is not None
    assert low < line[1].efficiency < high


def test_a_single_process_at_an_end_carries_no_interval() -> None:
    one = a_summary(a_case(batch_size=1), latencies=(0.1,))
    eight = a_summary(a_case(batch_size=8), latencies=(0.75, 0.8, 0.85))
    (line,) = scaling([one, eight])
    assert (line[1].low, line[1].high) == (None, None)


def test_one_batch_size_is_no_series_and_other_settings_are_another_one() -> None:
    assert scaling([a_summary(a_case(batch_size=1)), a_summary(a_case(batch_size=8, threads=1))]) == []
