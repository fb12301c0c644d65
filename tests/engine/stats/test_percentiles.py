from __future__ import annotations

import pytest

from engine.errors import NotEnoughData
from engine.stats.percentiles import fewest_samples, percentile, percentile_interval
from engine.stats.quantiles import order_statistic_interval


@pytest.mark.parametrize(("probability", "fewest"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368)])
def test_a_percentile_needs_as_many_samples_as_an_interval_of_it(probability: float, fewest: int):
    assert fewest_samples(probability) == fewest
    samples = [float(number) for number in range(fewest)]
    assert order_statistic_interval(samples, probability) is not None
    assert order_statistic_interval(samples[1:], probability) is None


def test_below_that_it_is_refused_with_the_number_that_would_do():
    with pytest.raises(NotEnoughData, match="The 95th percentile needs 72 samples or more; there are 71"):
        percentile([1.0] * 71, 0.95)
    with pytest.raises(NotEnoughData, match="needs 36"):
        percentile_interval([1.0] * 35, 0.9)


def test_with_enough_it_is_the_sample_quantile_inside_its_interval():
    samples = [float(number) for number in range(1, 101)]
    value = percentile(samples, 0.9)
    low, high = percentile_interval(samples, 0.9)
    assert value == pytest.approx(90.1)
    assert low < value < high
