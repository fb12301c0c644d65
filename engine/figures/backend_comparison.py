"""One model on every backend and precision: which way to run it is best, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison, Verdict
from engine.figures.bars import Bar, draw_bars
from engine.figures.tokens import Theme, backend_color, backend_marker, color
from engine.figures.wording import VERDICT_GLYPHS, best_first, best_word, hover, way
from engine.formatting import format_comparison, format_times, ratio_word


def backend_comparison(
    summaries: Sequence[CaseSummary],
    *,
    metric: Metric,
    theme: Theme,
    baseline: CaseSummary | None = None,
    comparisons: Mapping[str, Comparison] | None = None,
    narrow: bool = False,
    height: int | None = None,
) -> go.Figure:
    """Bars sorted best first; `comparisons` are by case id, against `baseline`. One summary at least has the metric."""
    found = comparisons or {}
    bars = [_bar(summary, metric, theme, baseline, found) for summary in best_first(list(summaries), metric)]
    reference = baseline.estimates.get(metric) if baseline is not None else None
    return draw_bars(
        bars,
        metric=metric,
        theme=theme,
        narrow=narrow,
        baseline=reference.value if reference is not None and len(bars) > 1 else None,
        height=height,
    )


def backend_comparison_title(
    summaries: Sequence[CaseSummary],
    *,
    metric: Metric,
    baseline: CaseSummary | None = None,
    comparisons: Mapping[str, Comparison] | None = None,
) -> str:
    """The answer: the best way to run the model, or that the measurements do not say."""
    ranked = best_first(list(summaries), metric)
    model = ranked[0].case.model_type
    if len(ranked) == 1:
        return f"One way to run {model} is measured: {way(ranked[0].case)}"
    best = ranked[0]
    if baseline is not None and best.case.case_id == baseline.case.case_id:
        return _baseline_leads(ranked, metric, comparisons or {})
    comparison = (comparisons or {}).get(best.case.case_id)
    if baseline is None or comparison is None:
        return f"{way(best.case)} measured {best_word(metric)} of {len(ranked)} ways to run {model}"
    return _against(best, baseline, comparison, len(ranked))


def _against(best: CaseSummary, baseline: CaseSummary, comparison: Comparison, ways: int) -> str:
    model = best.case.model_type
    if comparison.verdict is Verdict.SAME:
        return f"{model}: no difference larger than 3\N{THIN SPACE}% between {ways} ways"
    words = f"{format_times(comparison.ratio)} {ratio_word(comparison.ratio, comparison.metric)}"
    if comparison.verdict is Verdict.UNDECIDED:
        return f"{model}: {way(best.case)} measured {words}, undecided at n = {min(comparison.processes)}"
    return f"{way(best.case)} runs {model} {words} than {way(baseline.case)}"


def _baseline_leads(ranked: Sequence[CaseSummary], metric: Metric, comparisons: Mapping[str, Comparison]) -> str:
    best, model = ranked[0], ranked[0].case.model_type
    others = [comparisons[other.case.case_id] for other in ranked[1:] if other.case.case_id in comparisons]
    if others and all(other.verdict is Verdict.SAME for other in others):
        return f"{model}: no difference larger than 3\N{THIN SPACE}% between {len(ranked)} ways"
    next_best = ranked[1]
    comparison = comparisons.get(next_best.case.case_id)
    if comparison is None:
        return f"{way(best.case)} measured {best_word(metric)} of {len(ranked)} ways to run {model}"
    turned = 1 / comparison.ratio
    words = f"{format_times(turned)} {ratio_word(turned, metric)}"
    if comparison.verdict is Verdict.UNDECIDED:
        return f"{model}: {way(best.case)} measured {words}, undecided at n = {min(comparison.processes)}"
    return f"{way(best.case)} runs {model} {words} than {way(next_best.case)}"


def _bar(
    summary: CaseSummary,
    metric: Metric,
    theme: Theme,
    baseline: CaseSummary | None,
    comparisons: Mapping[str, Comparison],
) -> Bar:
    case = summary.case
    comparison = comparisons.get(case.case_id)
    remark, remark_color = "", ""
    if baseline is not None and case.case_id == baseline.case.case_id:
        remark, remark_color = "baseline", color("text-2", theme)
    elif comparison is not None:
        remark = f"{VERDICT_GLYPHS[comparison.verdict]} {_short(comparison)}"
        remark_color = color(comparison.verdict.value, theme)
    return Bar(
        label=f"{case.backend} <b>{case.precision}</b>",
        color=backend_color(case.backend, theme),
        marker=backend_marker(case.backend),
        estimate=summary.estimates[metric],
        remark=remark,
        remark_color=remark_color,
        hover=hover(summary, metric, comparison),
        key=case.case_id,
        provenance=summary.provenance,
    )


def _short(comparison: Comparison) -> str:
    """The verdict without the change in percent: that is left to hovering and to the table."""
    if comparison.verdict in (Verdict.BETTER, Verdict.WORSE):
        return f"{format_times(comparison.ratio)} {ratio_word(comparison.ratio, comparison.metric)}"
    return format_comparison(comparison)
