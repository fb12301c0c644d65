"""Cases in order, without precision that the intervals do not carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.measurement import Better, Estimate, Metric
from engine.domain.summary import CaseSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    summary: CaseSummary
    rank: int
    """1 is best; equal for cases tied with the first of their group."""
    is_tied: bool


def rank(summaries: Sequence[CaseSummary], metric: Metric) -> list[Ranked]:
    """Best median first. A case shares the rank of the best one above it whose interval overlaps its own.

    Only the first of a group is compared with: a chain of overlaps does not tie its two ends. Cases without an
    interval are tied with nothing but an equal value.
    """
    sign = 1.0 if metric.better is Better.LOWER else -1.0
    measured = [summary for summary in summaries if metric in summary.estimates]
    ordered = sorted(measured, key=lambda summary: sign * summary.estimates[metric].value)
    ranks: list[int] = []
    leader = 0
    for position, summary in enumerate(ordered):
        if position and not _overlap(ordered[leader].estimates[metric], summary.estimates[metric]):
            leader = position
        ranks.append(leader + 1)
    return [
        Ranked(summary=summary, rank=place, is_tied=ranks.count(place) > 1)
        for summary, place in zip(ordered, ranks, strict=True)
    ]


def _overlap(first: Estimate, second: Estimate) -> bool:
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return first.value == second.value
    return first.low <= second.high and second.low <= first.high
