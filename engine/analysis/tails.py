"""High percentiles of a case's times, process by process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.domain.case import Workload
from engine.domain.measurement import Metric
from engine.domain.result import Result, ResultStatus
from engine.domain.summary import CaseSummary
from engine.domain.tail import Tail
from engine.stats.percentiles import fewest_samples, percentile, percentile_interval
from engine.stats.quantiles import median

TIMED: Mapping[Workload, tuple[Metric, ...]] = {
    Workload.INFERENCE: (Metric.LATENCY,),
    Workload.GENERATION: (Metric.TIME_TO_FIRST_TOKEN, Metric.INTER_TOKEN_LATENCY),
}
"""What has a sample for each iteration, or for each gap between tokens, so that it has a tail."""
_PERCENTS = (90, 95, 99)


def tails_of(summary: CaseSummary, results: Sequence[Result]) -> tuple[Tail, ...]:
    """Of the processes that the summary's figures come from, found among `results`; empty where nothing has a tail."""
    shown = [
        result
        for result in results
        if result.case.case_id == summary.case.case_id
        and result.run_id == summary.last_run_id
        and result.status is ResultStatus.COMPLETED
        and result.environment_id == summary.environment_id
        and result.provenance is summary.provenance
    ]
    metrics = TIMED.get(summary.case.workload, ())
    return tuple(tail for metric in metrics for tail in tails(metric, _samples(shown, metric)))


def tails(metric: Metric, processes: Sequence[Sequence[float]]) -> tuple[Tail, ...]:
    """Every percentile that each process has samples enough for; where none is, the largest sample of all.

    Samples of different processes are not pooled: those of one are more alike than those of two.
    """
    if not processes:
        return ()
    fewest = min(len(samples) for samples in processes)
    found = [_tail(metric, percent, processes) for percent in _PERCENTS if fewest >= fewest_samples(percent / 100)]
    return tuple(found) or (_largest(metric, processes),)


def _samples(results: Sequence[Result], metric: Metric) -> list[tuple[float, ...]]:
    if metric is Metric.INTER_TOKEN_LATENCY:
        results = [result for result in results if _keeps_every_gap(result)]
    found = [result.measurement(metric) for result in results]
    return [measurement.samples for measurement in found if measurement is not None]


def _keeps_every_gap(result: Result) -> bool:
    """False for results of earlier releases, which kept the mean of each generation: its tail is not that of gaps."""
    gaps, generations = (
        result.measurement(metric) for metric in (Metric.INTER_TOKEN_LATENCY, Metric.TIME_TO_FIRST_TOKEN)
    )
    if gaps is None or generations is None or result.case.new_tokens == 2:
        return True
    return len(gaps.samples) > len(generations.samples)


def _tail(metric: Metric, percent: int, processes: Sequence[Sequence[float]]) -> Tail:
    values = [percentile(samples, percent / 100) for samples in processes]
    low, high = _bounds(metric, percent, processes, values)
    return Tail(
        metric=metric,
        percent=percent,
        value=median(values),
        low=low,
        high=high,
        processes=len(processes),
        iterations=min(map(len, processes)),
    )


def _bounds(
    metric: Metric, percent: int, processes: Sequence[Sequence[float]], values: Sequence[float]
) -> tuple[float | None, float | None]:
    """The gaps of a generation depend on each other, as they grow with what is kept of it: counted as if they did not,
    the interval of a percentile would hold it far less often than 95 times out of 100, so there is none."""
    if len(processes) > 1:
        return min(values), max(values)
    if metric is Metric.INTER_TOKEN_LATENCY:
        return None, None
    return percentile_interval(processes[0], percent / 100)


def _largest(metric: Metric, processes: Sequence[Sequence[float]]) -> Tail:
    values = [max(samples) for samples in processes]
    return Tail(
        metric=metric,
        percent=None,
        value=max(values),
        low=min(values),
        high=max(values),
        processes=len(processes),
        iterations=sum(map(len, processes)),
    )
