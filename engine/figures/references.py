"""One way to run a model against another: what is the reference, and a verdict on each of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from engine.domain.case import Case, Precision
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison
from engine.errors import NotEnoughData
from engine.figures.wording import way, way_order
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
            way_order(summary.case),
        ),
    )


def common_reference(summaries: Sequence[CaseSummary]) -> CaseSummary:
    """`reference` of many models: of backend and precision as that one, what most of them were run with.

    One model measured with two threads, or without that choice, must not leave all others without a ratio. What is
    compiled, or has another attention than the library's own, is a reference only where nothing else is.
    """
    first = reference(summaries).case
    rivals = [s for s in summaries if (s.case.backend, s.case.precision) == (first.backend, first.precision)]
    counts = Counter(way(summary.case) for summary in rivals)
    return min(
        rivals,
        key=lambda s: (s.case.compiled, s.case.attention or "", -counts[way(s.case)], way_order(s.case)),
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
    plain = replace(case, backend="", precision=Precision.FP32, threads=None)
    return replace(plain, compiled=False, attention=None, cold=False)
