"""Summaries in rows of text: what "show as table" shows and what a chart's CSV holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.views.chart_card import ChartTable
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison
from engine.formatting import MISSING, format_column, format_comparison

_NUMERIC = frozenset({3, 4, 5, 6})


def summary_table(
    summaries: Sequence[CaseSummary],
    metric: Metric,
    *,
    comparisons: Mapping[str, Comparison] | None = None,
    baseline: CaseSummary | None = None,
) -> ChartTable:
    """One row each, in the given order; the verdict column only where there are comparisons."""
    texts = format_column([summary.estimates[metric] for summary in summaries], metric)
    unit = texts[0].unit if texts else metric.unit
    columns = ("Model", "Backend", "Precision", "Batch", f"{metric.title}, {unit}", "Interval", "n")
    judged = bool(comparisons)
    rows = []
    for summary, text in zip(summaries, texts, strict=True):
        row = (
            summary.case.model,
            summary.case.backend,
            summary.case.precision.value,
            str(summary.case.batch_size),
            text.value,
            text.interval or MISSING,
            str(summary.estimates[metric].processes),
        )
        rows.append((*row, _verdict(summary, comparisons or {}, baseline)) if judged else row)
    return ChartTable(columns=(*columns, "Against baseline") if judged else columns, rows=tuple(rows), numeric=_NUMERIC)


def _verdict(summary: CaseSummary, comparisons: Mapping[str, Comparison], baseline: CaseSummary | None) -> str:
    if baseline is not None and summary.case.case_id == baseline.case.case_id:
        return "baseline"
    comparison = comparisons.get(summary.case.case_id)
    return format_comparison(comparison) if comparison is not None else MISSING
