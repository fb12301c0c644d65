"""The Comparison above its table: the answer and the heat map."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from app import ids
from app.heat_map_cells import HeatMap, mean_ratio
from app.url_state import Mode, Rows
from app.views.chart_card import ChartTable, chart_card
from engine.domain.measurement import Better, Metric
from engine.domain.model import Family
from engine.domain.summary import Comparison, Verdict
from engine.figures.family_heatmap import common_options, family_heatmap, family_heatmap_title
from engine.figures.heat_cells import CellKind, improvement
from engine.figures.tokens import Theme
from engine.figures.wording import way
from engine.formatting import MISSING, counted, format_times, join_words, ratio_word
from engine.stats.comparison import MARGIN, RatioSummary

_HEIGHT = 372


def comparison_head(found: HeatMap) -> list[Component]:
    """The overall answer: the way that differs most from the baseline, over all model types."""
    return [html.H1(_answer(found), className="answer"), html.P(_detail(found), className="answer-detail")]


def heat_map_card(
    found: HeatMap,
    *,
    theme: Theme,
    narrow: bool,
    selected: tuple[str, str] | None,
    batch: int,
    size: str,
    class_name: str = "",
) -> Component:
    """Ratios or absolute figures; a click on a cell opens what stands behind it."""
    noun = "family" if found.rows is Rows.FAMILY else "model type"
    metric = found.metric
    title = family_heatmap_title(found.cells, metric=metric, noun=noun, obtained=found.obtained)
    return chart_card(
        title,
        family_heatmap(
            found.cells,
            metric=metric,
            theme=theme,
            narrow=narrow,
            selected=selected,
            width=330 if narrow else 640,
            height=0 if narrow else _HEIGHT,
        ),
        _table(found),
        graph_id=ids.COMPARISON_HEATMAP,
        name=f"{metric.label}-by-{'family' if found.rows is Rows.FAMILY else 'model'}-{found.mode.value}",
        subtitle=_subtitle(found, batch, size),
        footnote=_footnote(found),
        class_name=class_name,
    )


def _subtitle(found: HeatMap, batch: int, size: str) -> str:
    options = common_options([cell.column for cell in found.cells])
    what = f"batch {batch}, {size} size" + (f", {options}" if options else "")
    if found.mode is Mode.RATIO:
        return f"Median {found.metric.title.lower()} against {found.baseline_way}, {what} · above 1 is better"
    return f"Median {found.metric.title.lower()}, {found.scale.unit}, {what}"


def _footnote(found: HeatMap) -> list[Component | str]:
    kinds = {cell.kind for cell in found.cells}
    notes = []
    if found.mode is Mode.RATIO:
        notes.append("log2 colour centred at 1")
    if found.rows is Rows.FAMILY:
        notes.append("geometric mean over the family's model types")
    if CellKind.UNDECIDED in kinds:
        notes.append("hatched with ?: undecided")
    if CellKind.MISSING in kinds:
        notes.append("faint hatch: no data")
    scale = [_legend(found)] if found.mode is Mode.RATIO and CellKind.DECIDED in kinds else []
    return [*scale, html.Span(" · ".join(notes))]


def _legend(found: HeatMap) -> Component:
    """Ends of the colour scale in words."""
    less, more = (ratio_word(0.5, found.metric), ratio_word(2.0, found.metric))
    if found.metric.better is Better.LOWER:
        less, more = more, less
    return html.Span([less, html.Span(className="diverging-scale"), more], className="scale-legend")


def _table(found: HeatMap) -> ChartTable:
    columns = list(dict.fromkeys(cell.column for cell in found.cells))
    placed = {(cell.row, cell.column): cell for cell in found.cells}
    rows = list(dict.fromkeys(cell.row for cell in found.cells))
    noun = "Family" if found.rows is Rows.FAMILY else "Model"
    return ChartTable(
        columns=(noun, *columns),
        rows=tuple((row, *(placed[row, column].text or MISSING for column in columns)) for row in rows),
        numeric=frozenset(range(1, len(columns) + 1)),
    )


def _answer(found: HeatMap) -> str:
    models = counted(len(found.baselines), "model type")
    means = _means(found)
    if not means:
        return f"{models} {found.obtained} on {found.baseline_way}; there is nothing to compare them with yet."
    best = max(means, key=lambda column: improvement(means[column][0].geometric_mean, found.metric))
    mean, is_decided = means[best]
    verb = f"{format_times(mean.geometric_mean)} {ratio_word(mean.geometric_mean, found.metric)}"
    over = f"over {counted(mean.cases, 'model type')}"
    if not is_decided:
        return f"{best} and {found.baseline_way} do not differ clearly {over}."
    if 1 / (1 + MARGIN) < mean.geometric_mean < 1 + MARGIN:
        return f"{best} and {found.baseline_way} differ by less than {MARGIN * 100:g}\N{THIN SPACE}% {over}."
    what = f"needs {verb} memory" if found.metric.unit == "B" else f"is {verb}"
    if found.metric not in (Metric.LATENCY, Metric.THROUGHPUT, Metric.PEAK_MEMORY):
        what = f"is {verb} in {found.metric.title.lower()}"
    return f"{best} {what} than {found.baseline_way} {over}."


def _detail(found: HeatMap) -> str:
    verdicts = [comparison.verdict for comparison in found.comparisons.values()]
    if not verdicts:
        return f"Figures are medians over processes of {found.metric.title.lower()}."
    words = {Verdict.BETTER: "better", Verdict.WORSE: "worse", Verdict.SAME: "same", Verdict.UNDECIDED: "undecided"}
    counts = [f"{verdicts.count(verdict)} {word}" for verdict, word in words.items() if verdict in verdicts]
    text = f"Of {counted(len(verdicts), 'case')} against {found.baseline_way}: {join_words(counts)}."
    reasons = [c.reason for c in found.comparisons.values() if c.verdict is Verdict.UNDECIDED]
    if len(reasons) == len(verdicts):
        return f"{text} A verdict {reasons[0]}." if reasons[0].startswith("needs") else text
    means = [(column, _interval(mean, found.metric)) for column, (mean, _) in _means(found).items()]
    intervals = [f"{column} {interval}" for column, interval in means if interval]
    said = f"Geometric means, above 1 is better, with 95\N{THIN SPACE}% interval: {join_words(intervals)}."
    return f"{text} {said}" if intervals else text


def _interval(mean: RatioSummary, metric: Metric) -> str:
    """Turned as the cells are; empty for a single case, whose interval stands beside its verdict."""
    if mean.low is None or mean.high is None:
        return ""
    low, high = sorted(improvement(bound, metric) for bound in (mean.low, mean.high))
    return f"{improvement(mean.geometric_mean, metric):.2f} ({low:.2f} \N{EN DASH} {high:.2f})"


def _means(found: HeatMap) -> dict[str, tuple[RatioSummary, bool]]:
    """By way of running: the ratio to the baseline over all model types, and whether it is decided."""
    by_column: dict[str, list[tuple[Comparison, Family]]] = {}
    for group in found.members.values():
        for summary in group:
            if (comparison := found.comparisons.get(summary.case.case_id)) is not None:
                by_column.setdefault(way(summary.case), []).append((comparison, summary.case.family))
    return {
        column: mean_ratio([comparison for comparison, _ in pairs], [family for _, family in pairs])
        for column, pairs in by_column.items()
    }
