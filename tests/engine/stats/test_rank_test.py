from __future__ import annotations

import pytest

from engine.stats.rank_test import LARGEST_EXACT, benjamini_hochberg, mann_whitney, overtaken_below


@pytest.mark.parametrize(("size", "smallest"), [(3, 0.1), (4, 2 / 70), (5, 2 / 252), (8, 2 / 12870)])
def test_sides_that_do_not_overlap_reach_the_smallest_p_there_is(size: int, smallest: float) -> None:
    below = [float(number) for number in range(size)]
    above = [value + 100 for value in below]
    assert mann_whitney(below, above) == pytest.approx(smallest)
    assert mann_whitney(above, below) == pytest.approx(smallest)


@pytest.mark.parametrize(("base", "new", "significance"), [(5, 5, 0.05), (5, 5, 0.009), (4, 7, 0.02), (6, 9, 0.001)])
def test_so_many_values_may_be_overtaken_before_p_is_too_large(base: int, new: int, significance: float) -> None:
    overtaken = overtaken_below(significance, base, new)
    assert overtaken is not None
    assert mann_whitney(*_overtaken(base, new, overtaken)) < significance
    assert mann_whitney(*_overtaken(base, new, overtaken + 1)) >= significance


def test_too_few_values_are_never_below_a_small_significance() -> None:
    assert overtaken_below(0.05 / 6, 5, 5) == 0
    assert overtaken_below(0.05 / 7, 5, 5) is None
    assert overtaken_below(1e-9, 1, 200) is None


def test_the_approximation_goes_on_where_the_exact_test_ends() -> None:
    exact, approximate = overtaken_below(0.001, 50, 50), overtaken_below(0.001, 50, 51)
    assert exact is not None and approximate is not None
    assert 0 < approximate - exact < 30


def _overtaken(base: int, new: int, pairs: int) -> tuple[list[float], list[float]]:
    """The lower side first; its values lie above those of the other in so many pairs."""
    lower = []
    for index in range(base):
        above = max(0, min(new, pairs - new * index))
        lower.append(above + 0.5 - index / 100)
    return lower, [float(number) for number in range(1, new + 1)]


def test_equal_values_are_no_evidence() -> None:
    assert mann_whitney([1.0] * 5, [1.0] * 5) == 1.0


def test_ties_are_counted_exactly() -> None:
    # Pooled ranks 1.5 1.5 3.5 3.5, the first side holds 1.5 and 3.5: 5 of 6 splits have a sum of at most 5.
    assert mann_whitney([1.0, 2.0], [1.0, 2.0]) == 1.0
    # The first side holds both 1.5: one split of six, doubled.
    assert mann_whitney([1.0, 1.0], [2.0, 2.0]) == pytest.approx(2 / 6)


def test_agrees_with_an_independent_implementation() -> None:
    stats = pytest.importorskip("scipy.stats")
    left, right = [1.3, 0.2, 2.2, 4.1, 3.3, 0.9], [2.1, 5.2, 3.9, 4.4, 6.1]
    expected = stats.mannwhitneyu(left, right, method="exact").pvalue
    assert mann_whitney(left, right) == pytest.approx(float(expected))


def test_large_samples_use_the_normal_approximation_and_stay_close() -> None:
    left = [float(number) for number in range(LARGEST_EXACT // 2 + 1)]
    right = [value + 20.3 for value in left]
    approximate = mann_whitney(left, right)
    exact = mann_whitney(left[:-1], right[:-1])
    assert 1e-9 < approximate < 1e-3
    assert 1e-9 < exact < 1e-3


def test_benjamini_hochberg_by_hand() -> None:
    # Sorted 0.01 0.02 0.03 0.5 times 4/rank: 0.04 0.04 0.04 0.5, made monotone from the right.
    assert benjamini_hochberg([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.04, 0.04, 0.5, 0.04])
    assert benjamini_hochberg([]) == []
