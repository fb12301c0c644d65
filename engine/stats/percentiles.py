"""Tail percentiles, which small samples cannot carry."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.errors import NotEnoughData
from engine.stats.quantiles import CONFIDENCE, order_statistic_interval, quantile


def fewest_samples(probability: float, *, confidence: float = CONFIDENCE) -> int:
    """Samples from which on two of them enclose the percentile at this confidence, for `probability` of 0.5 or more.

    The largest sample lies above it with probability 1 - p^n, which must reach 1 - tail: 36 for the 90th, 72 for the
    95th and 368 for the 99th percentile at 95 %.
    """
    tail = (1.0 - confidence) / 2.0
    return math.ceil(math.log(tail) / math.log(probability))


def percentile(samples: Sequence[float], probability: float) -> float:
    """The sample quantile; NotEnoughData, with the number that would do, below `fewest_samples`."""
    _require(samples, probability)
    return quantile(samples, probability)


def percentile_interval(samples: Sequence[float], probability: float) -> tuple[float, float]:
    """Two samples that enclose the percentile with 95 % confidence; NotEnoughData as in `percentile`."""
    _require(samples, probability)
    found = order_statistic_interval(samples, probability)
    assert found is not None
    return found


def _require(samples: Sequence[float], probability: float) -> None:
    fewest = fewest_samples(probability)
    if len(samples) < fewest:
        raise NotEnoughData(
            f"The {probability * 100:g}th percentile needs {fewest} samples or more; there are {len(samples)}."
        )
