from __future__ import annotations

import pytest

from engine.errors import NotEnoughData
from engine.stats.quantiles import median, order_statistic_interval, quantile


def test_median_of_an_even_count_is_the_mean_of_the_middle_two() -> None:
    assert median([4.0, 1.0, 3.0, 2.0]) == 2.5


def test_quantile_interpolates_between_order_statistics() -> None:
    assert quantile([0.0, 10.0], 0.9) == pytest.approx(9.0)


def test_a_quantile_of_nothing_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        median([])


@pytest.mark.parametrize(("probability", "fewest"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368)])
def test_interval_needs_as_many_values_as_the_binomial_demands(probability: float, fewest: int) -> None:
    values = [float(number) for number in range(fewest)]
    assert order_statistic_interval(values, probability) is not None
    assert order_statistic_interval(values[:-1], probability) is None


def test_interval_of_the_median_of_six_is_their_range() -> None:
    assert order_statistic_interval([6.0, 5.0, 4.0, 3.0, 2.0, 1.0]) == (1.0, 6.0)


def test_interval_of_the_median_of_nine_leaves_one_out_on_each_side() -> None:
    # P(B <= 1) = 10/512 = 0.0195 and P(B <= 2) = 46/512 = 0.09: the second smallest and the second largest.
    assert order_statistic_interval([float(number) for number in range(1, 10)]) == (2.0, 8.0)
