"""The same cases at two times, or two sets of cases, one verdict for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison, Verdict
from engine.errors import NotEnoughData
from engine.stats.comparison import MARGIN, compare, correct


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCase:
    base: CaseSummary
    new: CaseSummary
    comparison: Comparison

    @property
    def is_same_environment(self) -> bool:
        """Otherwise machine or library versions differ, and whoever shows this says so."""
        return self.base.environment_id == self.new.environment_id


def compare_cases(
    metric: Metric, base: Sequence[CaseSummary], new: Sequence[CaseSummary], *, margin: float = MARGIN
) -> list[ComparedCase]:
    """Every case measured on both sides, judged together; those furthest from 1 first, undecided ones last.

    Cases without the metric on a side, or with a median of zero, are left out.
    """
    on_base = {summary.case.case_id: summary for summary in reversed(base)}
    pairs: list[tuple[CaseSummary, CaseSummary]] = []
    comparisons: list[Comparison] = []
    for summary in new:
        against = on_base.get(summary.case.case_id)
        if against is None:
            continue
        try:
            found = compare(
                metric,
                against.process_values.get(metric, ()),
                summary.process_values.get(metric, ()),
                margin=margin,
            )
        except NotEnoughData:  # shown by its absence: there is no number to put beside the case
            continue
        pairs.append((against, summary))
        comparisons.append(found)
    judged = [
        ComparedCase(base=against, new=summary, comparison=comparison)
        for (against, summary), comparison in zip(pairs, correct(comparisons), strict=True)
    ]
    return sorted(judged, key=_interest)


def _interest(compared: ComparedCase) -> tuple[bool, float]:
    ratio = compared.comparison.ratio
    return compared.comparison.verdict is Verdict.UNDECIDED, -max(ratio, 1 / ratio)
