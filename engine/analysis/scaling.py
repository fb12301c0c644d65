"""How throughput grows with the batch, against growth in proportion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary
from engine.stats.comparison import ratio_interval
from engine.stats.quantiles import median


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPoint:
    summary: CaseSummary
    efficiency: float
    """Throughput over what the smallest batch's would be if it grew in proportion: 1 is ideal."""
    low: float | None
    """95 % interval of the ratio of both ends; None with a single process at either end, and at the smallest batch."""
    high: float | None


def scaling(summaries: Sequence[CaseSummary]) -> list[list[ScalingPoint]]:
    """One series per case but for its batch size, smallest batch first; series of a single batch size are left out."""
    series: dict[tuple[object, ...], list[CaseSummary]] = {}
    for summary in summaries:
        if summary.process_values.get(Metric.THROUGHPUT):
            key = (replace(summary.case, batch_size=1), summary.environment_id, summary.provenance)
            series.setdefault(key, []).append(summary)
    return [_points(line) for line in series.values() if len(line) >= 2]


def _points(line: Sequence[CaseSummary]) -> list[ScalingPoint]:
    ordered = sorted(line, key=lambda summary: summary.case.batch_size)
    base = ordered[0]
    return [ScalingPoint(summary=base, efficiency=1.0, low=None, high=None)] + [
        _point(base, summary) for summary in ordered[1:]
    ]


def _point(base: CaseSummary, summary: CaseSummary) -> ScalingPoint:
    before, after = base.process_values[Metric.THROUGHPUT], summary.process_values[Metric.THROUGHPUT]
    growth = summary.case.batch_size / base.case.batch_size
    low, high = ratio_interval(before, after)
    return ScalingPoint(
        summary=summary,
        efficiency=median(after) / median(before) / growth,
        low=None if low is None else low / growth,
        high=None if high is None else high / growth,
    )
