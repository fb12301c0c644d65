from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from engine.stats.signed_rank import LARGEST_EXACT, against_below, signed_rank, signed_rank_interval


def by_flipping(differences: list[float]) -> float:
    """p by writing out every flip of signs; ranks of distinct absolute values."""
    ranks = [1 + sum(abs(other) < abs(value) for other in differences) for value in differences]
    observed = sum(rank for rank, value in zip(ranks, differences, strict=True) if value > 0)
    sums = [
        sum(rank for rank, is_up in zip(ranks, ups, strict=True) if is_up) for ups in product((0, 1), repeat=len(ranks))
    ]
    below = sum(total <= observed for total in sums) / len(sums)
    above = sum(total >= observed for total in sums) / len(sums)
    return min(1.0, 2 * min(below, above))


@pytest.mark.parametrize(
    "differences", [[1.0, 2, 3, 4, 5, 6], [-1.0, 2, 3, -4, 5, 6.5, 8], [0.5, -0.7, 0.1, -0.2, 0.3]]
)
def test_every_flip_of_signs_is_counted(differences: list[float]) -> None:
    assert signed_rank(differences) == pytest.approx(by_flipping(differences))
    assert signed_rank([-value for value in differences]) == pytest.approx(by_flipping(differences))


def test_six_that_agree_are_the_fewest_that_are_significant() -> None:
    assert signed_rank([1.0, 2, 3, 4, 5]) == pytest.approx(2 / 32)
    assert signed_rank([1.0, 2, 3, 4, 5, 6]) == pytest.approx(2 / 64)


def test_no_difference_is_no_evidence() -> None:
    assert signed_rank([0.0] * 8) == 1.0
    assert signed_rank([0.0, 0.0, 1.0, -1.0]) == 1.0


def test_the_interval_is_of_the_published_ranks() -> None:
    # Tables give 1, 4 and 9 as the last Walsh average of 55 left out on each side for n = 6, 8 and 10 (P <= 0.025 at
    # sums 0, 3 and 8): with values 2^k every average is distinct.
    for count, outside in ((6, 1), (8, 4), (10, 9)):
        values = [float(2**power) for power in range(count)]
        averages = sorted((values[i] + values[j]) / 2 for i in range(count) for j in range(i, count))
        assert signed_rank_interval(values) == (averages[outside - 1], averages[-outside])


def test_five_values_have_no_interval_of_that_confidence() -> None:
    assert signed_rank_interval([1.0, 2, 3, 4, 5]) is None


def test_the_interval_holds_zero_exactly_when_the_test_does_not_reject() -> None:
    draws = np.random.default_rng(3).normal(0.7, 1.0, size=(200, 9))
    rejected = 0
    for values in draws.tolist():
        found = signed_rank_interval(values)
        assert found is not None
        rejects = signed_rank(values) < 0.05
        rejected += rejects
        assert (found[0] > 0 or found[1] < 0) == rejects
    assert 20 < rejected < 180


def test_the_approximation_beyond_takes_over_without_a_step() -> None:
    draws = np.random.default_rng(5).normal(0.15, 1.0, size=LARGEST_EXACT).tolist()
    exact, approximate = signed_rank(draws), signed_rank([*draws, 0.001])
    assert approximate == pytest.approx(exact, rel=0.05)
    exact_interval, beyond = signed_rank_interval(draws), signed_rank_interval([*draws, 0.15])
    assert exact_interval is not None and beyond is not None
    assert beyond == pytest.approx(exact_interval, abs=0.02)


@pytest.mark.parametrize(("count", "significance"), [(6, 0.05), (10, 0.05), (10, 0.005), (14, 0.001)])
def test_so_many_ranks_may_be_against_before_p_is_too_large(count: int, significance: float) -> None:
    against = against_below(significance, count)
    assert against is not None
    assert signed_rank(_against(count, against)) < significance
    assert signed_rank(_against(count, against + 1)) >= significance


def test_too_few_differences_are_never_below_a_small_significance() -> None:
    assert against_below(0.05, 6) == 0
    assert against_below(0.05, 5) is None
    assert against_below(0.025, 6) is None


def _against(count: int, total: int) -> list[float]:
    """Differences of which the negative ones have ranks of this sum."""
    differences = []
    for rank in range(count, 0, -1):
        is_against = rank <= total
        total -= rank if is_against else 0
        differences.append(float(-rank if is_against else rank))
    return differences
