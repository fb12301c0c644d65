from __future__ import annotations

import numpy as np
import pytest

from engine.stats.bootstrap import median_interval, percentile_interval, resampled_medians


def test_the_central_95_per_cent_leave_a_fortieth_on_each_side() -> None:
    assert percentile_interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))


def test_resampled_medians_are_as_frequent_as_counted_by_hand() -> None:
    # Three draws of 0, 0 and 1: the median is 1 when two or three of them are, 3 * (1/9) * (2/3) + 1/27 = 7/27.
    medians = resampled_medians([0.0, 0.0, 1.0], resamples=20_000)
    assert set(medians) == {0.0, 1.0}
    assert medians.mean() == pytest.approx(7 / 27, abs=0.02)


def test_the_interval_of_the_median_of_eleven_leaves_two_out_on_each_side() -> None:
    # Below the third smallest lies a resampled median with P(B(11, 2/11) >= 6) = 0.7 %, at or below it with 5.1 %.
    assert median_interval([float(number) for number in range(1, 12)]) == (3.0, 9.0)
