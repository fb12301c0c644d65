"""Summaries in rows of text: what "show as table" shows and what a chart's CSV holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.views.chart_card import ChartTable
from app.views.resolution_badge import resolution_of
from engine.domain.calibration import MachineNoise
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison
from engine.figures.wording import way_options
from engine.formatting import MISSING, format_column
from engine.verdict_words import format_comparison, format_resolution

_NUMERIC = frozenset({3, 4, 5, 6})


def summary_table(
    summaries: Sequence[CaseSummary],
    metric: Metric,
    *,
    comparisons: Mapping[str, Comparison] | None = None,
    baseline: CaseSummary | None = None,
    noise: MachineNoise | None = None,
) -> ChartTable:
    """One row each, in the given order; verdicts and what they resolve only where there are comparisons."""
    texts = format_column([summary.estimates[metric] for summary in summaries], metric)
    unit = texts[0].unit if texts else metric.unit
    columns = ("Model", "Backend", "Precision", "Batch", f"{metric.title}, {unit}", "Interval", "n")
    judged = bool(comparisons)
    rows = []
    for summary, text in zip(summaries, texts, strict=True):
        row = (
            summary.case.model,
            summary.case.backend,
            " ".join((summary.case.precision, *way_options(summary.case))),
            str(summary.case.batch_size),
            text.value,
            text.interval or MISSING,
            str(summary.estimates[metric].processes),
        )
        comparison = (comparisons or {}).get(summary.case.case_id)
        told = (_verdict(summary, comparison, baseline), _resolves(summary, comparison, baseline, noise))
        rows.append((*row, *told) if judged else row)
    titles = (*columns, "Against baseline", "Resolves") if judged else columns
    return ChartTable(columns=titles, rows=tuple(rows), numeric=_NUMERIC)


def _resolves(
    summary: CaseSummary, comparison: Comparison | None, baseline: CaseSummary | None, noise: MachineNoise | None
) -> str:
    """Which change the verdict beside it could have shown; nothing without one."""
    if comparison is None or baseline is None or summary.case.case_id == baseline.case.case_id:
        return ""
    return format_resolution(resolution_of(baseline, summary, comparison, noise)).removeprefix("resolves ")


def _verdict(summary: CaseSummary, comparison: Comparison | None, baseline: CaseSummary | None) -> str:
    if baseline is not None and summary.case.case_id == baseline.case.case_id:
        return "baseline"
    return format_comparison(comparison) if comparison is not None else MISSING
