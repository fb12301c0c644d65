"""Student's t on logarithms: what two to ten processes can carry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance

_CRITICAL = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706, 6: 2.4469, 7: 2.3646, 8: 2.3060, 9: 2.2622}
"""Two-sided 95 % points by degrees of freedom."""

MOST_VALUES = 10
"""Beyond, a bootstrap of the median is sound; of seven or eight values it covers the median in 86 to 94 % of cases."""


def log_mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the geometric mean of two to ten positive values; None when a value is not positive."""
    if not 2 <= len(values) <= MOST_VALUES or min(values) <= 0:
        return None
    logs = [math.log(value) for value in values]
    centre = fmean(logs)
    reach = _CRITICAL[len(logs) - 1] * math.sqrt(variance(logs) / len(logs))
    return math.exp(centre - reach), math.exp(centre + reach)


def log_ratio_interval(base: Sequence[float], new: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of new over base, unequal variances; as many degrees of freedom as the smaller side has.

    For two to ten positive values on the smaller side; None otherwise. Welch's own degrees of freedom are never
    fewer, so this interval is the wider one.
    """
    smaller = min(len(base), len(new))
    if not 2 <= smaller <= MOST_VALUES or min(*base, *new) <= 0:
        return None
    base_logs, new_logs = [math.log(value) for value in base], [math.log(value) for value in new]
    centre = fmean(new_logs) - fmean(base_logs)
    error = math.sqrt(variance(base_logs) / len(base_logs) + variance(new_logs) / len(new_logs))
    reach = _CRITICAL[smaller - 1] * error
    return math.exp(centre - reach), math.exp(centre + reach)
