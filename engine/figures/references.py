"""One way to run a model against another: what is the reference, and a verdict on each of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.domain.case import Case, Precision
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison
from engine.errors import NotEnoughData
from engine.figures.wording import way
from engine.stats.comparison import compare, correct


def reference(ways: Sequence[CaseSummary]) -> CaseSummary:
    """What the others are compared with: cpu fp32 where it is among them, else the plainest there is."""
    return min(
        ways,
        key=lambda summary: (
            summary.case.backend != "cpu",
            summary.case.precision is not Precision.FP32,
            summary.case.backend,
            summary.case.precision,
        ),
    )


def compared(summaries: Sequence[CaseSummary], base: str, metric: Metric) -> dict[str, Comparison]:
    """Every case against the same one run the way `base`, by case id; without those that have no ratio.

    Give it everything that was measured, or all that a report tells, and pick from the answer: all are corrected for
    one another, so that a verdict is the same on every page and whatever the filters leave.
    """
    bases = {_question(summary.case): summary for summary in reversed(summaries) if way(summary.case) == base}
    found: dict[str, Comparison] = {}
    for summary in summaries:
        against = bases.get(_question(summary.case))
        if against is None or way(summary.case) == base:
            continue
        values = against.process_values.get(metric, ()), summary.process_values.get(metric, ())
        try:
            found.setdefault(summary.case.case_id, compare(metric, *values))
        except NotEnoughData:
            continue  # no completed process on one side, or nothing of it: the page then shows no verdict
    return dict(zip(found, correct(found.values()), strict=True))


def _question(case: Case) -> Case:
    """What stays the same when the same work is run another way."""
    return replace(case, backend="", precision=Precision.FP32)
