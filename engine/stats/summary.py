"""From values to a figure with its uncertainty. The process, not the iteration, is the independent unit."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.measurement import Estimate, IntervalMethod
from engine.errors import NotEnoughData
from engine.stats.bootstrap import median_interval
from engine.stats.quantiles import CONFIDENCE, median, order_statistic_interval
from engine.stats.student import MOST_VALUES, log_mean_interval


def estimate_over_processes(values: Sequence[float], *, samples: int) -> Estimate:
    """The median of per-process values; `samples` counts the iterations behind them.

    One process says nothing of how processes differ: no interval. Two to ten carry a t interval on logarithms
    (none when a value is not positive), eleven or more a bootstrap of the median. The median lies in its interval.
    """
    _require(values)
    if len(values) > MOST_VALUES:
        return _estimate(values, median_interval(values), IntervalMethod.BOOTSTRAP_PROCESSES, samples)
    interval = log_mean_interval(values)
    if interval is not None:
        middle = median(values)
        interval = min(interval[0], middle), max(interval[1], middle)  # nine values in two heaps have another centre
    return _estimate(values, interval, IntervalMethod.T_LOG_PROCESSES, samples)


def estimate_within_process(samples: Sequence[float]) -> Estimate:
    """The median of one process's iterations; its interval says nothing of other processes."""
    _require(samples)
    interval = order_statistic_interval(samples)
    return _estimate(samples, interval, IntervalMethod.ORDER_STATISTIC, len(samples), processes=1)


def range_over_processes(values: Sequence[float]) -> Estimate:
    """The median of per-process peaks between the smallest and the largest: for memory, whose spread is no error."""
    _require(values)
    if len(values) == 1:
        return _estimate(values, None, IntervalMethod.NONE, 1)
    return _estimate(values, (min(values), max(values)), IntervalMethod.RANGE, len(values), confidence=None)


def _require(values: Sequence[float]) -> None:
    if len(values) == 0:
        raise NotEnoughData("There is no value to summarise; at least one process must have completed.")


def _estimate(
    values: Sequence[float],
    interval: tuple[float, float] | None,
    method: IntervalMethod,
    samples: int,
    *,
    processes: int | None = None,
    confidence: float | None = CONFIDENCE,
) -> Estimate:
    return Estimate(
        value=median(values),
        low=None if interval is None else interval[0],
        high=None if interval is None else interval[1],
        confidence=None if interval is None else confidence,
        method=IntervalMethod.NONE if interval is None else method,
        processes=len(values) if processes is None else processes,
        samples=samples,
    )
