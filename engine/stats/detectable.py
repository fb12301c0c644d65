"""The smallest change that a number of processes can show: what a verdict of "undecided" leaves open.

The minimum detectable effect of Bloom (Evaluation Review 19(5), 1995): a difference of two means is found with the
wanted power when it is as large as (t of the test + t of the power) standard errors. Here the means are of logarithms,
so that an effect is a ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, variance

from engine.stats.comparison import FEWEST_PROCESSES, MARGIN, SIGNIFICANCE
from engine.stats.paired import FEWEST_PAIRS
from engine.stats.rank_test import mann_whitney
from engine.stats.signed_rank import signed_rank

POWER = 0.8
"""How often an effect of the size that is shown would be found."""
_RANK_EFFICIENCY = 3 / math.pi
"""Of a rank test against Student's, for normal values."""
_MEDIAN_SPREAD = math.sqrt(math.pi / 2)
"""Standard error of a median over that of a mean, for normal values: a verdict's ratio is one of medians."""
_BOTH = 12
"""A verdict has to be significant and beyond the margin: where either asks for as much as the other, both together
ask for 6 % more, where one asks for far less, for nothing more (by simulation; see the tests)."""
_STEPS_MATTER = 20
"""Values up to which an exact test's p leaps past the significance by so much that power depends on it."""


def detectable_change(
    spread: float,
    processes: tuple[int, int],
    *,
    power: float = POWER,
    margin: float = MARGIN,
) -> float | None:
    """The share by which two groups of processes must differ for a rank test to say so with this power; 0.02 is 2 %.

    `spread` is the standard deviation of the logarithm of per-process values, the same on both sides. Never below the
    margin that a verdict has to leave as well. None with fewer processes than a verdict needs.
    """
    if min(processes) < FEWEST_PROCESSES:
        return None
    error = spread * math.sqrt(1 / processes[0] + 1 / processes[1])
    return _change(error, sum(processes) - 2, _attained(processes), power, margin)


def detectable_change_in_pairs(
    spread: float, pairs: int, *, power: float = POWER, margin: float = MARGIN
) -> float | None:
    """The same for pairs taken one right after the other; `spread` is that of the logarithm of their ratios."""
    if pairs < FEWEST_PAIRS:
        return None
    return _change(spread / math.sqrt(pairs), pairs - 1, _attained_in_pairs(pairs), power, margin)


def pooled_spread(groups: Sequence[Sequence[float]]) -> float | None:
    """Standard deviation of the logarithm of positive values within groups, whatever lies between the groups.

    None when no group has two values, or a value is not positive.
    """
    told = [[math.log(value) for value in group] for group in groups if len(group) > 1 and min(group) > 0]
    if not told or len(told) < sum(len(group) > 1 for group in groups):
        return None
    freedom = sum(len(logs) - 1 for logs in told)
    return math.sqrt(sum(variance(logs) * (len(logs) - 1) for logs in told) / freedom)


def t_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t, by the expansion around the normal one (Abramowitz and Stegun 26.7.5).

    Within 1 % from two degrees of freedom on.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(sum(term / freedom**power for power, term in enumerate(terms)))


@lru_cache
def _attained(processes: tuple[int, int]) -> float:
    """The largest p of the exact test that still counts: with 5 a side it steps from 3.2 % over 5 % to 5.6 %."""
    lower, higher = sorted(processes)
    if lower + higher > _STEPS_MATTER:
        return SIGNIFICANCE
    attained = 0.0
    for overtaken in range(lower * higher + 1):
        lifted = [max(0, min(higher, overtaken - higher * above)) for above in range(lower)]
        few = [lower - above + lift for above, lift in enumerate(lifted)]
        many = [rank for rank in range(1, lower + higher + 1) if rank not in few]
        p_value = mann_whitney(few, many)
        if p_value >= SIGNIFICANCE:
            break
        attained = p_value
    return attained


@lru_cache
def _attained_in_pairs(pairs: int) -> float:
    """The same of the signed-rank test."""
    if pairs > _STEPS_MATTER:
        return SIGNIFICANCE
    attained = 0.0
    for against in range(pairs * (pairs + 1) // 2):
        left, logs = against, []
        for rank in range(pairs, 0, -1):
            is_against = rank <= left
            left -= rank if is_against else 0
            logs.append(float(-rank if is_against else rank))
        p_value = signed_rank(logs)
        if p_value >= SIGNIFICANCE:
            break
        attained = p_value
    return attained


def _change(error: float, freedom: int, significance: float, power: float, margin: float) -> float:
    """`error` is the standard error of the difference of means of logarithms."""
    reserve = t_quantile(power, freedom)
    significant = (t_quantile(1 - significance / 2, freedom) + reserve) * error / math.sqrt(_RANK_EFFICIENCY)
    beyond_margin = math.log1p(margin) + reserve * error * _MEDIAN_SPREAD
    both = (significant**_BOTH + beyond_margin**_BOTH) ** (1 / _BOTH)
    return math.expm1(both)
