"""One configuration against another, measured in pairs: what drifts touches both and cancels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from statistics import NormalDist, stdev

from engine.domain.measurement import Better
from engine.domain.run import MAX_PROCESSES
from engine.domain.summary import PairedRatio, Verdict
from engine.errors import InvalidValue, NotEnoughData
from engine.stats.comparison import MARGIN, SIGNIFICANCE, correct, judge
from engine.stats.quantiles import median
from engine.stats.signed_rank import signed_rank, signed_rank_interval
from engine.stats.student import log_mean_interval

FEWEST_PAIRS = 6
"""Below, no exact test can be significant: all five of five signs agree by chance in 2 of 32 cases."""
POWER = 0.8
"""How surely as many pairs as `pairs_to_decide` says would decide, if what was observed is so."""
_MEDIAN_SPREAD = math.sqrt(math.pi / 2)
"""Standard error of a median over that of a mean, for normal values."""
_RANK_EFFICIENCY = 3 / math.pi
"""Of the signed-rank test, against Student's, for normal values."""


def paired_ratio(
    base: Sequence[float], new: Sequence[float], margin: float = MARGIN, *, better: Better = Better.LOWER
) -> PairedRatio:
    """What pairs of per-process values say of `new` against `base`; the values at one place are a pair.

    *same* when the whole 95 % interval of the ratio lies within the margin (two one-sided tests, each at 2.5 %);
    *better* or *worse* when the exact signed-rank test on the logarithms of the ratios is significant and the median
    ratio lies outside the margin; undecided otherwise, and always with fewer than six pairs. The interval holds the
    ratios which that test does not reject; of two to five pairs it is Student's on logarithms.
    """
    return _paired(tuple(base), tuple(new), margin, better)


@lru_cache(maxsize=4096)
def _paired(base: tuple[float, ...], new: tuple[float, ...], margin: float, better: Better) -> PairedRatio:
    """Kept, because every redrawing of a page asks for the same pairs."""
    logs = _log_ratios(base, new)
    ratio = math.exp(median(logs))
    low, high = _interval(logs, ratio)
    p_value = signed_rank(logs) if len(logs) >= FEWEST_PAIRS else None
    shortage = f"needs {FEWEST_PAIRS} pairs, has {len(logs)}"
    verdict, reason = judge(better, ratio, (low, high), p_value, margin, test="signed-rank", shortage=shortage)
    to_decide = pairs_to_decide(base, new, margin) if verdict is Verdict.UNDECIDED else None
    return PairedRatio(
        ratio=ratio,
        low=low,
        high=high,
        p_value=p_value,
        verdict=verdict,
        pairs=len(logs),
        reason=reason,
        to_decide=to_decide,
    )


def pairs_to_decide(
    base: Sequence[float], new: Sequence[float], margin: float = MARGIN, *, comparisons: int = 1
) -> int | None:
    """How many pairs in all would decide with a probability of 80 %, if effect and spread are as observed.

    With s the standard deviation of the log ratios, d the size of their median and m = log(1 + margin): a difference
    (d > m) needs ((z_a + z_b) s / d)^2 + z_a^2 / 2 pairs to be significant (the sample size of a one-sample t test,
    Guenther 1981), over the test's efficiency of 3/pi, and (z_b 1.25 s / (d - m))^2 for the median to lie beyond the
    margin; "same" (d < m) needs ((z_a + z_b) s / (m - d))^2 + z_a^2 / 2 over the same efficiency (Chow, Shao & Wang
    2008, 3.1.9, each side at 2.5 %). z_a is of half the significance, which many `comparisons` at once divide at
    worst. None with a single pair, and where more than a run can hold would be needed.
    """
    logs = _log_ratios(base, new)
    if len(logs) < 2:
        return None
    spread, effect, reach = stdev(logs), abs(median(logs)), math.log1p(margin)
    significance = SIGNIFICANCE / max(1, comparisons)
    z_power = NormalDist().inv_cdf(POWER)
    fewest = max(FEWEST_PAIRS, len(logs) + 1, math.ceil(1 - math.log2(significance)))
    if effect == reach:
        return None
    if effect > reach:
        z_size = NormalDist().inv_cdf(1 - significance / 2)
        significant = _sample_size(z_size, z_power, spread / effect) / _RANK_EFFICIENCY
        needed = max(significant, (z_power * _MEDIAN_SPREAD * spread / (effect - reach)) ** 2)
    else:
        z_size = NormalDist().inv_cdf(1 - SIGNIFICANCE / 2)  # "same" is not corrected for many comparisons
        needed = _sample_size(z_size, z_power, spread / (reach - effect)) / _RANK_EFFICIENCY
    pairs = max(fewest, math.ceil(needed))
    return pairs if pairs <= MAX_PROCESSES else None


def correct_pairs(
    found: Sequence[PairedRatio], values: Sequence[tuple[Sequence[float], Sequence[float]]], margin: float = MARGIN
) -> list[PairedRatio]:
    """The same verdicts judged as one family; `values` are the base and new ones of each, for what would decide."""
    tested = sum(1 for one in found if one.p_value is not None)
    return [
        replace(one, to_decide=pairs_to_decide(base, new, margin, comparisons=tested))
        if one.verdict is Verdict.UNDECIDED
        else one
        for one, (base, new) in zip(correct(found), values, strict=True)
    ]


def _sample_size(z_size: float, z_power: float, spread: float) -> float:
    """Of a one-sample t test, for a spread in units of the effect."""
    return ((z_size + z_power) * spread) ** 2 + z_size**2 / 2


def _log_ratios(base: Sequence[float], new: Sequence[float]) -> list[float]:
    if len(base) != len(new):
        raise InvalidValue(f"{len(base)} values of the first configuration and {len(new)} of the second are no pairs.")
    if not base:
        raise NotEnoughData("There is no pair to compare: both configurations must have completed in the same round.")
    if min(*base, *new) <= 0:
        raise NotEnoughData("Pairs cannot be compared as ratios: a value is not positive.")
    return [math.log(after / before) for before, after in zip(base, new, strict=True)]


def _interval(logs: Sequence[float], ratio: float) -> tuple[float | None, float | None]:
    """Widened to hold the median where the averages that bound it do not."""
    found = signed_rank_interval(logs)
    if found is not None:
        low, high = math.exp(found[0]), math.exp(found[1])
    else:
        of_few = log_mean_interval([math.exp(log) for log in logs])
        if of_few is None:
            return None, None
        low, high = of_few
    return min(low, ratio), max(high, ratio)
