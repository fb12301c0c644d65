"""Whether a larger batch is still worth its time, by what smaller ones did."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.case import Case, Workload
from engine.domain.result import Failure, FailureKind, Result, ResultStatus
from engine.domain.workload_metrics import RATES
from engine.stats.quantiles import median

LEAST_GROWTH = 1.05
"""Throughput of a batch over that of the next smaller one below which it has stopped growing."""
_HOPELESS = (FailureKind.OUT_OF_MEMORY, FailureKind.DOES_NOT_FIT, FailureKind.TIMEOUT)
"""What a larger batch cannot do better."""


def should_skip(case: Case, earlier: Sequence[Result]) -> Failure | None:
    """Why `case` need not run, given the results so far of the same case at any batch size; None when it should.

    A batch that was measured once goes on to be: processes of one case are all measured or none.
    """
    same = [result for result in earlier if result.case.batch_size == case.batch_size]
    if any(result.status is ResultStatus.COMPLETED for result in same):
        return None
    skipped = next((found.failure for found in same if found.status is ResultStatus.SKIPPED), None)
    if skipped is not None:
        return skipped
    return _failed_before(case, earlier) or _plateau(case, earlier)


def _failed_before(case: Case, earlier: Sequence[Result]) -> Failure | None:
    for result in sorted(earlier, key=lambda found: found.case.batch_size):
        failure = result.failure
        if result.case.batch_size > case.batch_size or failure is None or failure.kind not in _HOPELESS:
            continue
        if result.case.batch_size == case.batch_size:
            reason = f"An earlier process of this case ended so: {failure.reason}"
        else:
            reason = f"Batch size {result.case.batch_size} already ended so: {failure.reason}"
        return Failure(kind=failure.kind, reason=reason)
    return None


def _plateau(case: Case, earlier: Sequence[Result]) -> Failure | None:
    by_batch: dict[int, list[float]] = {}
    for result in earlier:
        rate = _items_per_second(result)
        if rate is not None and result.case.batch_size < case.batch_size:
            by_batch.setdefault(result.case.batch_size, []).append(rate)
    if len(by_batch) < 2:
        return None
    before, last = sorted(by_batch)[-2:]
    growth = median(by_batch[last]) / median(by_batch[before])
    if growth >= LEAST_GROWTH:
        return None
    return Failure(
        kind=FailureKind.PLATEAU,
        reason=f"Throughput stopped growing: batch size {last} gives {growth:.2f}x that of {before}.",
    )


def _items_per_second(result: Result) -> float | None:
    """What grows with the batch: items or tokens a second; a request of concurrency holds a whole batch."""
    case = result.case
    measurement = result.measurement(RATES[case.workload]) if case.workload in RATES else None
    if measurement is None:
        return None
    return median(measurement.samples) * (case.batch_size if case.workload is Workload.CONCURRENCY else 1)
