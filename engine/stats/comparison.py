"""One case against another: ratio, interval, test and verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.domain.measurement import Better, Metric
from engine.domain.summary import Comparison, PairedRatio, Verdict
from engine.errors import NotEnoughData
from engine.stats.bootstrap import RESAMPLES, SEED, percentile_interval, resampled_medians
from engine.stats.quantiles import median
from engine.stats.rank_test import benjamini_hochberg, mann_whitney
from engine.stats.student import MOST_VALUES, log_mean_interval, log_ratio_interval

MARGIN = 0.03
"""Smallest change worth speaking of, as a share."""
SIGNIFICANCE = 0.05
FEWEST_PROCESSES = 5
"""Below, the exact test cannot reach significance with anything to spare (p = 0.03 at best with 4 a side)."""

Judged = TypeVar("Judged", Comparison, PairedRatio)


def compare(metric: Metric, base: Sequence[float], new: Sequence[float], *, margin: float = MARGIN) -> Comparison:
    """What per-process values say of `new` against `base`.

    *same* when the whole 95 % interval of the ratio lies within the margin; *better* or *worse* when the exact
    Mann-Whitney test is significant and the ratio lies outside the margin; undecided otherwise, and always with
    fewer than five processes on a side.
    """
    return _compared(metric, tuple(base), tuple(new), margin)


@lru_cache(maxsize=4096)
def _compared(metric: Metric, base: tuple[float, ...], new: tuple[float, ...], margin: float) -> Comparison:
    """Kept, because every redrawing of a page asks for the same comparisons."""
    if not base or not new:
        raise NotEnoughData(f"{metric.title} cannot be compared: one side has no completed process.")
    if median(base) <= 0 or median(new) <= 0:
        raise NotEnoughData(f"{metric.title} cannot be compared as a ratio: a median is not positive.")
    ratio = median(new) / median(base)
    low, high = ratio_interval(base, new)
    enough = min(len(base), len(new)) >= FEWEST_PROCESSES
    p_value = mann_whitney(base, new) if enough else None
    verdict, reason = judge(
        metric.better,
        ratio,
        (low, high),
        p_value,
        margin,
        test="Mann-Whitney",
        shortage=f"needs {FEWEST_PROCESSES} processes on each side, has {len(base)} and {len(new)}",
    )
    return Comparison(
        metric=metric,
        ratio=ratio,
        low=low,
        high=high,
        p_value=p_value,
        q_value=None,
        verdict=verdict,
        processes=(len(base), len(new)),
        reason=reason,
    )


def ratio_interval(base: Sequence[float], new: Sequence[float]) -> tuple[float | None, float | None]:
    """95 % interval of the ratio of medians; (None, None) when a side has a single process or a value of zero."""
    if min(*base, *new) <= 0 or min(len(base), len(new)) < 2:
        return None, None
    ratio = median(new) / median(base)
    if min(len(base), len(new)) <= MOST_VALUES:
        interval = log_ratio_interval(base, new)
    else:
        interval = percentile_interval(resampled_medians(new, stream=1) / resampled_medians(base, stream=2))
    if interval is None:
        return None, None
    return min(interval[0], ratio), max(interval[1], ratio)


def correct(comparisons: Iterable[Judged]) -> list[Judged]:
    """The same comparisons judged as one family: Benjamini-Hochberg on those that were tested.

    A better or worse that does not survive becomes undecided. What has too few values to be tested is told the whole
    family's size: among so many it would be judged if all had enough.
    """
    judged = list(comparisons)
    tested = [index for index, found in enumerate(judged) if found.p_value is not None]
    q_values = benjamini_hochberg([judged[index].p_value or 0.0 for index in tested])
    judged = [replace(found, comparisons=len(judged)) for found in judged]
    for index, q_value in zip(tested, q_values, strict=True):
        found = replace(judged[index], q_value=q_value, comparisons=len(tested))
        if found.verdict in (Verdict.BETTER, Verdict.WORSE) and q_value >= SIGNIFICANCE:
            found = replace(
                found,
                verdict=Verdict.UNDECIDED,
                reason=f"not significant among {len(tested)} comparisons (q = {q_value:.2g})",
            )
        judged[index] = found
    return judged


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioSummary:
    """Many ratios in one figure."""

    geometric_mean: float
    low: float | None
    """95 % interval over groups; None with fewer than two of them."""
    high: float | None
    cases: int
    smallest: float
    largest: float


def geometric_mean_ratio(ratios: Sequence[float], *, groups: Sequence[str] | None = None) -> RatioSummary:
    """The geometric mean of ratios; cases of one group (a model family) count together in its interval.

    Two to ten groups carry a t interval on logarithms, more are resampled: drawing from two or three says nothing
    but that they lie on one side of 1, which chance alone does half the time.
    """
    if not ratios:
        raise NotEnoughData("There is no ratio to average; no case was measured on both sides.")
    logs = np.log(np.asarray(ratios, dtype=float))
    names = list(groups) if groups is not None else [str(index) for index in range(len(ratios))]
    distinct = sorted(set(names))
    low = high = None
    if len(distinct) >= 2:
        sums = np.array([sum(log for log, name in zip(logs, names, strict=True) if name == one) for one in distinct])
        counts = np.array([names.count(one) for one in distinct])
        low, high = _mean_interval(sums, counts)
    return RatioSummary(
        geometric_mean=math.exp(float(logs.mean())),
        low=low,
        high=high,
        cases=len(ratios),
        smallest=min(ratios),
        largest=max(ratios),
    )


def _mean_interval(sums: NDArray[np.float64], counts: NDArray[np.int_]) -> tuple[float | None, float | None]:
    """Of the mean ratio, from the sum of logarithms and the number of cases of each group."""
    if len(sums) <= MOST_VALUES:
        interval = log_mean_interval([math.exp(log) for log in sums / counts])
        if interval is None:
            return None, None
        mean = math.exp(sums.sum() / counts.sum())
        return min(interval[0], mean), max(interval[1], mean)  # groups of unlike size may have another centre
    drawn = np.random.default_rng(SEED).integers(0, len(sums), size=(RESAMPLES, len(sums)))
    low, high = percentile_interval(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    return math.exp(low), math.exp(high)


def judge(
    better: Better,
    ratio: float,
    interval: tuple[float | None, float | None],
    p_value: float | None,
    margin: float,
    *,
    test: str,
    shortage: str,
) -> tuple[Verdict, str]:
    """The verdict on a ratio, and why; without a p value there were too few values, and `shortage` says how many."""
    if p_value is None:
        return Verdict.UNDECIDED, shortage
    low, high = interval
    if low is not None and high is not None and 1 / (1 + margin) <= low and high <= 1 + margin:
        return Verdict.SAME, f"the interval lies within ±{margin:.0%}"
    if p_value >= SIGNIFICANCE:
        return Verdict.UNDECIDED, f"not significant (p = {p_value:.2g}), and too uncertain to call equal"
    if 1 / (1 + margin) < ratio < 1 + margin:
        return Verdict.UNDECIDED, f"differs by less than {margin:.0%}, and too uncertain to call equal"
    is_better = (ratio < 1) == (better is Better.LOWER)
    return (Verdict.BETTER if is_better else Verdict.WORSE), f"{test} p = {p_value:.2g}, beyond ±{margin:.0%}"
