"""Seeded resampling: the same values always give the same interval."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.stats.quantiles import CONFIDENCE

RESAMPLES = 2000
SEED = 20_230_517


def resampled_medians(values: Sequence[float], *, stream: int = 0, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Medians of samples drawn with replacement; another `stream` draws independently of the first."""
    observed = np.asarray(values, dtype=float)
    generator = np.random.default_rng((SEED, stream))
    drawn = generator.integers(0, len(observed), size=(resamples, len(observed)))
    return np.asarray(np.median(observed[drawn], axis=1), dtype=float)


def percentile_interval(resampled: NDArray[np.float64], *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The central share of a resampled distribution."""
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(resampled, (tail, 1.0 - tail))
    return float(low), float(high)


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Percentile bootstrap interval of the median."""
    return _cached_median_interval(tuple(values))


@lru_cache(maxsize=4096)
def _cached_median_interval(values: tuple[float, ...]) -> tuple[float, float]:
    return percentile_interval(resampled_medians(values))
