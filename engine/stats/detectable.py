"""The smallest change that a number of processes can show: what a verdict of "undecided" leaves open.

The minimum detectable effect of Bloom (Evaluation Review 19(5), 1995): a difference of two means is found with the
wanted power when it is as large as (t of the test + t of the power) standard errors. Here the means are of logarithms,
so that an effect is a ratio. Of few values an exact test has few levels, and takes more than that; there the change is
the one that the test itself finds with the wanted power, over drawn values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from statistics import NormalDist, variance

import numpy as np

from engine.stats.bootstrap import SEED
from engine.stats.comparison import FEWEST_PROCESSES, MARGIN, SIGNIFICANCE
from engine.stats.paired import FEWEST_PAIRS
from engine.stats.rank_test import overtaken_below
from engine.stats.signed_rank import against_below

POWER = 0.8
"""How often an effect of the size that is shown would be found."""
_RANK_EFFICIENCY = 3 / math.pi
"""Of a rank test against Student's, for normal values."""
_MEDIAN_SPREAD = math.sqrt(math.pi / 2)
"""Standard error of a median over that of a mean, for normal values: a verdict's ratio is one of medians."""
_BOTH = 12
"""A verdict has to be significant and beyond the margin: where either asks for as much as the other, both together
ask for 6 % more, where one asks for far less, for nothing more (by simulation; see the tests)."""
_DRAWN = 40
"""Values up to which the change is drawn: near the smallest p that a test of few values can give, the formula falls
short by a tenth, and by a fifth where only pairs that all agree count."""
_DRAWS = 4000


def detectable_change(
    spread: float,
    processes: tuple[int, int],
    *,
    power: float = POWER,
    margin: float = MARGIN,
    comparisons: int = 1,
) -> float | None:
    """The share by which two groups of processes must differ for a rank test to say so with this power; 0.02 is 2 %.

    `spread` is the standard deviation of the logarithm of per-process values, the same on both sides. Never below the
    margin that a verdict has to leave as well. Of so many `comparisons` that are corrected for one another, it is the
    change of one that differs alone, whose p has to be below the significance divided by their number (the first step
    of the correction): where several differ, each is found more easily. None with fewer processes than that needs.
    """
    if min(processes) < FEWEST_PROCESSES:
        return None
    overtaken = overtaken_below(SIGNIFICANCE / comparisons, *processes)
    if overtaken is None:
        return None
    error, freedom = math.sqrt(1 / processes[0] + 1 / processes[1]), sum(processes) - 2
    if sum(processes) <= _DRAWN:
        significant = _shift_of_ranks(processes, overtaken, power)
    else:
        significant = _shift(error, freedom, SIGNIFICANCE / comparisons, power)
    return _change(significant * spread, error * spread, freedom, power, margin)


def detectable_change_in_pairs(
    spread: float, pairs: int, *, power: float = POWER, margin: float = MARGIN, comparisons: int = 1
) -> float | None:
    """The same for pairs; `spread` is that of the logarithm of their ratios."""
    if pairs < FEWEST_PAIRS:
        return None
    against = against_below(SIGNIFICANCE / comparisons, pairs)
    if against is None:
        return None
    error, freedom = 1 / math.sqrt(pairs), pairs - 1
    if pairs <= _DRAWN:
        significant = _shift_of_signed_ranks(pairs, against, power)
    else:
        significant = _shift(error, freedom, SIGNIFICANCE / comparisons, power)
    return _change(significant * spread, error * spread, freedom, power, margin)


@lru_cache
def fewest_processes(comparisons: int = 1) -> int:
    """On each side, for a verdict on the only one of so many comparisons that differs."""
    significance = SIGNIFICANCE / comparisons
    return next(few for few in count(FEWEST_PROCESSES) if overtaken_below(significance, few, few) is not None)


@lru_cache
def fewest_pairs(comparisons: int = 1) -> int:
    """The same of pairs."""
    significance = SIGNIFICANCE / comparisons
    return next(few for few in count(FEWEST_PAIRS) if against_below(significance, few) is not None)


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
def _shift_of_ranks(processes: tuple[int, int], overtaken: int, power: float) -> float:
    """In standard deviations of normal values, by which a rank test finds so many shifts as `power` says.

    It finds a shift when no more than `overtaken` of all pairs of values lie the other way round: when the shift is
    larger than all but so many of the differences between the sides.
    """
    draws = np.random.default_rng(SEED)
    base, new = (draws.normal(size=(_DRAWS, size)) for size in processes)
    differences = (base[:, :, np.newaxis] - new[:, np.newaxis, :]).reshape(_DRAWS, -1)
    least = differences.shape[1] - 1 - overtaken
    return float(np.quantile(np.partition(differences, least, axis=1)[:, least], power))


@lru_cache
def _shift_of_signed_ranks(pairs: int, against: int, power: float) -> float:
    """The same of the signed-rank test, of which the averages of values taken two by two are the differences."""
    values = np.random.default_rng(SEED).normal(size=(_DRAWS, pairs))
    first, second = np.triu_indices(pairs)
    averages = (values[:, first] + values[:, second]) / 2
    least = averages.shape[1] - 1 - against
    return float(np.quantile(np.partition(averages, least, axis=1)[:, least], power))


def _shift(error: float, freedom: int, significance: float, power: float) -> float:
    """The same by the formula, for either test."""
    errors = t_quantile(1 - significance / 2, freedom) + t_quantile(power, freedom)
    return errors * error / math.sqrt(_RANK_EFFICIENCY)


def _change(significant: float, error: float, freedom: int, power: float, margin: float) -> float:
    """From differences of logarithms to a ratio that is also found beyond the margin; `error` is that of the means."""
    beyond_margin = math.log1p(margin) + t_quantile(power, freedom) * error * _MEDIAN_SPREAD
    both = (significant**_BOTH + beyond_margin**_BOTH) ** (1 / _BOTH)
    return math.expm1(both)
