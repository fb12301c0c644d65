from __future__ import annotations

import math

import pytest

from engine.stats.student import log_mean_interval, log_ratio_interval


@pytest.mark.parametrize(
    ("count", "critical"),
    [(2, 12.706), (3, 4.303), (4, 3.182), (5, 2.776), (6, 2.571), (7, 2.447), (8, 2.365), (9, 2.306), (10, 2.262)],
)
def test_the_interval_of_a_mean_reaches_as_far_as_the_tables_of_t_say(count: int, critical: float) -> None:
    # Logarithms 1 .. n have the variance n (n + 1) / 12, their mean the standard error sqrt((n + 1) / 12).
    interval = log_mean_interval([math.exp(number) for number in range(1, count + 1)])
    assert interval is not None
    low, high = map(math.log, interval)
    assert (low + high) / 2 == pytest.approx((count + 1) / 2)
    assert (high - low) / 2 == pytest.approx(critical * math.sqrt((count + 1) / 12), rel=3e-4)


@pytest.mark.parametrize("values", [[1.0], [1.0] * 11, [1.0, 0.0]])
def test_one_value_more_than_ten_or_a_zero_carry_no_t_interval(values: list[float]) -> None:
    assert log_mean_interval(values) is None
    assert log_ratio_interval(values, [1.0] * 11) is None


def test_both_sides_widen_the_interval_of_a_ratio() -> None:
    # Logarithms 0, 1, 2 (variance 1) against 0 .. 4 (variance 2.5): the error is sqrt(1/3 + 2.5/5) = 0.91287,
    # and 4.3027 of it, at two degrees of freedom, are 3.9278 around the difference of means, 1.
    base, new = [math.exp(number) for number in range(3)], [math.exp(number) for number in range(5)]
    assert log_ratio_interval(base, new) == pytest.approx((math.exp(1 - 3.9278), math.exp(1 + 3.9278)), rel=1e-3)
    assert log_ratio_interval(new, base) == pytest.approx((math.exp(-1 - 3.9278), math.exp(-1 + 3.9278)), rel=1e-3)
