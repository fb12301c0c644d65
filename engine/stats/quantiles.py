"""Sample quantiles and their distribution-free intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.errors import NotEnoughData

CONFIDENCE = 0.95


def median(values: Sequence[float]) -> float:
    """The middle value; the mean of the two middle ones for an even count."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], probability: float) -> float:
    """The quantile by linear interpolation between order statistics."""
    if len(values) == 0:
        raise NotEnoughData("A quantile needs at least one value.")
    import numpy as np  # here, because a case process imports this before a cold start is timed

    return float(np.quantile(np.asarray(values, dtype=float), probability))


def order_statistic_interval(
    values: Sequence[float], probability: float = 0.5, *, confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Two observed values that enclose the true quantile with at least this confidence, whatever the distribution.

    None when there are too few values for any two of them to do so: below 6 for the median, 36 for the 90th, 72 for
    the 95th and 368 for the 99th percentile at 95 %.
    """
    count = len(values)
    tail = (1.0 - confidence) / 2.0
    cumulative = _binomial_cumulative(count, probability)
    lower = sum(1 for share in cumulative if share <= tail)
    upper = 1 + sum(1 for share in cumulative[:count] if share < 1.0 - tail)
    if lower < 1 or upper > count:
        return None
    ordered = sorted(values)
    return float(ordered[lower - 1]), float(ordered[upper - 1])


def _binomial_cumulative(count: int, probability: float) -> list[float]:
    """P(B <= k) for k = 0 .. count, B the number of values below the quantile."""
    log_in, log_out = math.log(probability), math.log1p(-probability)
    total, cumulative = 0.0, []
    for successes in range(count + 1):
        log_mass = (
            math.lgamma(count + 1)
            - math.lgamma(successes + 1)
            - math.lgamma(count - successes + 1)
            + successes * log_in
            + (count - successes) * log_out
        )
        total += math.exp(log_mass)
        cumulative.append(total)
    return cumulative
