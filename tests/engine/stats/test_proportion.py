from __future__ import annotations

import pytest

from engine.stats.proportion import share_interval


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 20, 0.0, 0.1684), (5, 10, 0.1871, 0.8129), (50, 50, 0.9289, 1.0), (1, 100, 0.0003, 0.0545)],
)
def test_the_interval_is_that_of_clopper_and_pearson(hits: int, trials: int, low: float, high: float) -> None:
    assert share_interval(hits, trials) == pytest.approx((low, high), abs=1e-4)
