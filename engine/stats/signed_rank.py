"""The Wilcoxon signed-rank test and the interval that it does not reject, exact: signs of pairs flipped in all ways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from engine.stats.quantiles import CONFIDENCE
from engine.stats.rank_test import doubled_ranks, last_step_below

LARGEST_EXACT = 100
"""Pairs up to which every flip of signs is counted; the normal approximation beyond."""


def signed_rank(differences: Sequence[float]) -> float:
    """Two-sided p that differences lie symmetrically around zero.

    Exact given ties: counts the 2^n ways to give the observed ranks their signs. A difference of zero keeps its rank
    and speaks for neither side (Pratt 1959).
    """
    doubled = doubled_ranks([abs(difference) for difference in differences])
    ranks = [rank for rank, difference in zip(doubled, differences, strict=True) if difference != 0]
    positive = sum(rank for rank, difference in zip(doubled, differences, strict=True) if difference > 0)
    if not ranks:
        return 1.0
    if len(ranks) > LARGEST_EXACT:
        return _normal_p(ranks, positive)
    ways = _signs_by_sum(ranks)
    total = ways.sum()
    at_most, at_least = ways[: positive + 1].sum() / total, ways[positive:].sum() / total
    return float(min(1.0, 2.0 * min(at_most, at_least)))


@lru_cache
def against_below(significance: float, count: int) -> int | None:
    """Up to which sum of ranks on the rarer side p is still below, of so many differences without ties.

    None where p is not below even when all have one sign.
    """
    if count > LARGEST_EXACT:
        spread = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
        against = count * (count + 1) / 4 - 0.5 + spread * NormalDist().inv_cdf(significance / 2)
        return None if against <= 0 else math.ceil(against) - 1
    return last_step_below(significance, _signs_by_sum(range(1, count + 1)))


def signed_rank_interval(differences: Sequence[float], *, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """The shifts that the signed-rank test does not reject: an interval of the centre for any symmetric distribution.

    Two of the averages of values taken two by two (Walsh averages; Hodges & Lehmann 1963, Hollander, Wolfe & Chicken
    2014, section 3.3). None with fewer than six values at 95 %: no exact interval is that sure.
    """
    values = np.asarray(differences, dtype=float)
    count = len(values)
    outside = _ranks_outside(count, (1.0 - confidence) / 2.0)
    if outside < 1:
        return None
    first, second = np.triu_indices(count)
    averages = np.sort((values[first] + values[second]) / 2.0)
    return float(averages[outside - 1]), float(averages[-outside])


def _ranks_outside(count: int, tail: float) -> int:
    """How many of the smallest sums of ranks have at most `tail` together."""
    if count > LARGEST_EXACT:
        spread = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
        return int(NormalDist(count * (count + 1) / 4, spread).inv_cdf(tail) + 0.5)
    ways = _signs_by_sum(range(1, count + 1))
    return int(np.searchsorted(np.cumsum(ways) / ways.sum(), tail, side="right"))


def _signs_by_sum(ranks: Sequence[int]) -> NDArray[np.float64]:
    """How many ways to give each rank a sign have each sum of the positive ones."""
    ways = np.zeros(sum(ranks) + 1)
    ways[0] = 1.0
    for rank in ranks:
        ways[rank:] += ways[: len(ways) - rank].copy()
    return ways


def _normal_p(ranks: Sequence[int], positive: int) -> float:
    spread = math.sqrt(sum(rank * rank for rank in ranks) / 4.0)
    distance = max(0.0, abs(positive - sum(ranks) / 2.0) - 1.0)
    return math.erfc(distance / spread / math.sqrt(2.0))
