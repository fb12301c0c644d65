"""The Mann-Whitney test, exact, and the correction for many tests at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LARGEST_EXACT = 100
"""Values on both sides together up to which the exact distribution is counted."""


def mann_whitney(base: Sequence[float], new: Sequence[float]) -> float:
    """Two-sided p that both sides come from one distribution.

    Exact given the ties: counts every way to split the pooled ranks. Beyond `LARGEST_EXACT` values the normal
    approximation with tie correction.
    """
    doubled = doubled_ranks([*base, *new])
    observed = sum(doubled[: len(base)])
    if len(doubled) > LARGEST_EXACT:
        return _normal_p(doubled, len(base), observed)
    ways = _splits_by_sum(doubled, len(base))
    total = ways.sum()
    at_most, at_least = ways[: observed + 1].sum() / total, ways[observed:].sum() / total
    return float(min(1.0, 2.0 * min(at_most, at_least)))


@lru_cache
def overtaken_below(significance: float, base: int, new: int) -> int | None:
    """In how many of the base x new pairs of values the lower side may have the higher one, and p still be below.

    Of the test of so many values without ties. None where p is not below even when the two sides do not overlap.
    """
    if base + new > LARGEST_EXACT:
        middle, spread = base * new / 2, math.sqrt(base * new * (base + new + 1) / 12)
        overtaken = middle - 0.5 + spread * NormalDist().inv_cdf(significance / 2)
        return None if overtaken <= 0 else math.ceil(overtaken) - 1
    ways = _splits_by_sum(range(2, 2 * (base + new) + 1, 2), base)[base * (base + 1) :: 2]
    return last_step_below(significance, ways)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The q value of each p: the smallest false discovery rate at which it would be called a discovery."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    adjusted, smallest = [0.0] * len(p_values), 1.0
    for position, index in enumerate(order):
        rank = len(p_values) - position
        smallest = min(smallest, p_values[index] * len(p_values) / rank)
        adjusted[index] = smallest
    return adjusted


def doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, so that the middle rank of ties is a whole number."""
    ordered = sorted(values)
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for rank, value in enumerate(ordered, start=1):
        first.setdefault(value, rank)
        last[value] = rank
    return [first[value] + last[value] for value in values]


def _splits_by_sum(doubled: Sequence[int], size: int) -> NDArray[np.float64]:
    """How many subsets of `size` ranks have each sum."""
    ways = np.zeros((size + 1, sum(doubled) + 1))
    ways[0, 0] = 1.0
    for rank in doubled:
        for members in range(size, 0, -1):
            ways[members, rank:] += ways[members - 1, : ways.shape[1] - rank]
    return np.asarray(ways[size], dtype=np.float64)


def last_step_below(significance: float, ways: NDArray[np.float64]) -> int | None:
    """The last step of the statistic whose two-sided p is below; `ways` count each step from the extreme one on."""
    below = int(np.searchsorted(2.0 * np.cumsum(ways) / ways.sum(), significance))
    return below - 1 if below else None


def _normal_p(doubled: Sequence[int], size: int, observed: int) -> float:
    count = len(doubled)
    other = count - size
    ranks = np.asarray(doubled, dtype=float) / 2.0
    spread = math.sqrt(size * other / (count * (count - 1)) * float(np.sum((ranks - ranks.mean()) ** 2)))
    if spread == 0.0:
        return 1.0
    distance = max(0.0, abs(observed / 2.0 - size * (count + 1) / 2.0) - 0.5)
    return math.erfc(distance / spread / math.sqrt(2.0))
