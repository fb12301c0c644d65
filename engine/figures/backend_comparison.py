"""One model on every backend, precision and option: which way to run it is best, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison, Verdict
from engine.figures.bars import Bar, draw_bars
from engine.figures.tokens import Theme, backend_color, backend_marker, color
from engine.figures.wording import VERDICT_GLYPHS, best_first, best_word, hover, obtained, turned_out, way, way_options
from engine.formatting import format_times, join_words, ratio_word
from engine.verdict_words import format_comparison


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
    found = comparisons or {}
    ranked = best_first(list(summaries), metric)
    best, model = ranked[0], ranked[0].case.model
    if len(ranked) == 1:
        return f"One way to run {model} is {obtained(best)}: {way(best.case)}"
    level = _level_with(best, ranked, baseline, found)
    if len(level) + 1 == len(ranked):
        return f"{model}: no difference larger than 3\N{THIN SPACE}% between {len(ranked)} ways"
    if level:
        leaders = join_words([way(summary.case) for summary in (best, *level)])
        return f"{leaders} lead for {model}, within 3\N{THIN SPACE}% of each other"
    against, ratio, verdict, processes = _decisive(ranked, baseline, found) or (None, 1.0, Verdict.UNDECIDED, 0)
    if against is None:
        return f"{way(best.case)} {turned_out(best)} {best_word(metric)} of {len(ranked)} ways to run {model}"
    words = f"{format_times(ratio)} {ratio_word(ratio, metric)}"
    if verdict is Verdict.UNDECIDED:
        return f"{model}: {way(best.case)} {turned_out(best)} {words}, undecided at n = {processes}"
    return f"{way(best.case)} runs {model} {words} than {way(against.case)}"


def clear_leader(
    summaries: Sequence[CaseSummary],
    metric: Metric,
    baseline: CaseSummary,
    comparisons: Mapping[str, Comparison],
) -> tuple[CaseSummary, CaseSummary, float] | None:
    """The best way, what it is told against and its ratio to that: the baseline, or the next where it is that itself.

    None where no verdict says that it is better.
    """
    ranked = best_first(list(summaries), metric)
    if len(ranked) < 2 or _level_with(ranked[0], ranked, baseline, comparisons):
        return None
    found = _decisive(ranked, baseline, comparisons)
    return None if found is None or found[2] is Verdict.UNDECIDED else (ranked[0], found[0], found[1])


def _level_with(
    best: CaseSummary,
    ranked: Sequence[CaseSummary],
    baseline: CaseSummary | None,
    comparisons: Mapping[str, Comparison],
) -> list[CaseSummary]:
    """Ways of which a verdict says that they are as good as the best: only those against the baseline are known."""
    if baseline is None:
        return []

    def is_same(summary: CaseSummary) -> bool:
        found = comparisons.get(summary.case.case_id)
        return found is not None and found.verdict is Verdict.SAME

    if best.case.case_id == baseline.case.case_id:
        return [summary for summary in ranked[1:] if is_same(summary)]
    if not is_same(best):
        return []
    return [summary for summary in ranked[1:] if summary.case.case_id == baseline.case.case_id or is_same(summary)]


def _decisive(
    ranked: Sequence[CaseSummary], baseline: CaseSummary | None, comparisons: Mapping[str, Comparison]
) -> tuple[CaseSummary, float, Verdict, int] | None:
    """What the best is told against, its ratio to that, the verdict and the smaller number of processes."""
    if baseline is None:
        return None
    best = ranked[0]
    leads = best.case.case_id == baseline.case.case_id
    comparison = comparisons.get(ranked[1].case.case_id if leads else best.case.case_id)
    if comparison is None:
        return None
    ratio = 1 / comparison.ratio if leads else comparison.ratio
    return (ranked[1] if leads else baseline), ratio, comparison.verdict, min(comparison.processes)


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
        label=" ".join((case.backend, f"<b>{case.precision}</b>", *way_options(case))),
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
