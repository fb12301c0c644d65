"""From summaries to the cells of the heat map: families or model types against ways of running."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from app.selection import alike
from app.url_state import Mode, Rows
from engine.domain.measurement import Metric
from engine.domain.model import Family, is_checkpoint
from engine.domain.result import FailureKind
from engine.domain.summary import CaseSummary, Comparison, Verdict
from engine.figures.heat_cells import Cell, CellKind, geometric_mean, improvement
from engine.figures.references import common_reference, compared
from engine.figures.wording import hover, obtained, way, way_order
from engine.formatting import MISSING, Scale, counted, format_change, format_number, format_ratio, scale_for
from engine.stats.comparison import RatioSummary, geometric_mean_ratio

_MOST_WITH_BASELINE = 5
"""Up to this many columns the baseline keeps its own, with absolute figures: the ratios then have a ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """Cells with what stands behind them."""

    cells: tuple[Cell, ...]
    members: Mapping[tuple[str, str], tuple[CaseSummary, ...]]
    """By row and column: the summaries a cell was made from; one for a model type, several for a family."""
    comparisons: Mapping[str, Comparison]
    """By case id, against the same case on the baseline way."""
    baselines: Mapping[str, CaseSummary]
    """By model type."""
    baseline_way: str
    metric: Metric
    mode: Mode
    rows: Rows
    scale: Scale
    """Of absolute figures."""
    obtained: str
    """How the figures came here: measured or imported."""


def heat_map(
    summaries: Sequence[CaseSummary], everything: Sequence[CaseSummary], metric: Metric, rows: Rows, mode: Mode
) -> HeatMap:
    """`summaries` are of one batch size, size and workload; at least one has `metric`.

    They are what the filters leave of `everything`, among which they are judged.
    """
    alike_ones = _comparable(summaries)
    known = [summary for summary in alike_ones if metric in summary.estimates]
    base = way(common_reference(known).case)
    baselines = {summary.case.model: summary for summary in known if way(summary.case) == base}
    comparisons = _comparisons(known, everything, base, metric)
    scale = scale_for([summary.estimates[metric].value for summary in known], metric)
    names = [name for _, name in sorted({(way_order(summary.case), way(summary.case)) for summary in alike_ones})]
    if mode is Mode.RATIO and len(names) > _MOST_WITH_BASELINE:
        names = [name for name in names if name != base]
    members = _members(alike_ones, rows, names)
    cells = [
        _cell(row, column, members.get((row, column), ()), metric, mode, comparisons, base, scale)
        for row in _row_names(alike_ones, rows)
        for column in names
    ]
    return HeatMap(
        cells=tuple(cells),
        members=members,
        comparisons=comparisons,
        baselines=baselines,
        baseline_way=base,
        metric=metric,
        mode=mode,
        rows=rows,
        scale=scale,
        obtained=obtained(known[0]),
    )


def usual_mode(summaries: Sequence[CaseSummary], everything: Sequence[CaseSummary], metric: Metric) -> Mode:
    """Ratios where there are two ways to compare and at least one is decided, else absolute figures."""
    known = [summary for summary in _comparable(summaries) if metric in summary.estimates]
    if not known:
        return Mode.ABSOLUTE
    judged = _comparisons(known, everything, way(common_reference(known).case), metric)
    decided = any(comparison.verdict is not Verdict.UNDECIDED for comparison in judged.values())
    return Mode.RATIO if decided else Mode.ABSOLUTE


def mean_ratio(
    comparisons: Sequence[Comparison], families: Sequence[Family] | None = None
) -> tuple[RatioSummary, bool]:
    """The geometric mean of one ratio or more, and whether it is decided; a single case keeps its own verdict.

    Types of one family resemble each other: given the family of each comparison, where there are two or more, the
    interval counts families instead of types.
    """
    groups = list(families) if families is not None and len(set(families)) > 1 else None
    mean = geometric_mean_ratio([comparison.ratio for comparison in comparisons], groups=groups)
    if len(comparisons) == 1:
        return mean, comparisons[0].verdict is not Verdict.UNDECIDED
    return mean, mean.low is not None and mean.high is not None and not mean.low <= 1 <= mean.high


def most_telling(found: HeatMap) -> CaseSummary | None:
    """The case to explain while nobody chose one: the largest decided difference, else the largest at all."""
    judged = {
        summary.case.case_id: summary
        for members in found.members.values()
        for summary in members
        if summary.case.case_id in found.comparisons
    }
    if not judged:
        return None
    by_size = max(
        judged,
        key=lambda case_id: (
            found.comparisons[case_id].verdict is not Verdict.UNDECIDED,
            abs(math.log(found.comparisons[case_id].ratio)),
        ),
    )
    return judged[by_size]


def _comparable(summaries: Sequence[CaseSummary]) -> list[CaseSummary]:
    """Of each model type, what shares the commonest input shape."""
    models = dict.fromkeys(summary.case.model for summary in summaries)
    return [found for model in models for found in alike([s for s in summaries if s.case.model == model])]


def _comparisons(
    known: Sequence[CaseSummary], everything: Sequence[CaseSummary], base: str, metric: Metric
) -> dict[str, Comparison]:
    judged = compared(everything, base, metric)
    return {summary.case.case_id: judged[summary.case.case_id] for summary in known if summary.case.case_id in judged}


def _row_names(summaries: Sequence[CaseSummary], rows: Rows) -> list[str]:
    families = list(Family)
    ordered = sorted(summaries, key=lambda s: (families.index(s.case.family), s.case.model))
    return list(dict.fromkeys(_row_of(summary, rows) for summary in ordered))


def _row_of(summary: CaseSummary, rows: Rows) -> str:
    return summary.case.family.label if rows is Rows.FAMILY else summary.case.model


def _members(
    summaries: Sequence[CaseSummary], rows: Rows, columns: Sequence[str]
) -> dict[tuple[str, str], tuple[CaseSummary, ...]]:
    found: dict[tuple[str, str], list[CaseSummary]] = {}
    for summary in summaries:
        if way(summary.case) in columns:
            found.setdefault((_row_of(summary, rows), way(summary.case)), []).append(summary)
    return {place: tuple(sorted(group, key=lambda s: s.case.model)) for place, group in found.items()}


def _cell(
    row: str,
    column: str,
    members: Sequence[CaseSummary],
    metric: Metric,
    mode: Mode,
    comparisons: Mapping[str, Comparison],
    base: str,
    scale: Scale,
) -> Cell:
    known = [summary for summary in members if metric in summary.estimates]
    if not known:
        failure = next((summary.last_failure for summary in members if summary.last_failure is not None), None)
        if failure is not None and failure.kind is FailureKind.NOT_AVAILABLE:
            words = f"<b>{row}</b> {column}<br>not available: {escape(failure.reason, quote=False)}"
            return Cell(row=row, column=column, kind=CellKind.MISSING, hover=words)
        if failure is not None:
            return Cell(
                row=row,
                column=column,
                kind=CellKind.FAILED,
                text="× fails",
                hover=f"<b>{row}</b> {column}<br>fails: {escape(failure.reason, quote=False)}",
            )
        return Cell(row=row, column=column, kind=CellKind.MISSING, hover=f"<b>{row}</b> {column}<br>not tried")
    if mode is Mode.RATIO and column == base:
        cell = _amount(row, column, known, metric, scale)
        return replace(cell, kind=CellKind.BASELINE, text=f"{cell.text}{scale.gap}{scale.unit}")
    if mode is Mode.ABSOLUTE:
        return _amount(row, column, known, metric, scale)
    return _ratio(row, column, known, metric, comparisons, base)


def _amount(row: str, column: str, known: Sequence[CaseSummary], metric: Metric, scale: Scale) -> Cell:
    value = geometric_mean([summary.estimates[metric].value for summary in known])
    text = f"{format_number(scale.of(value))}"
    words = (
        hover(known[0], metric)
        if len(known) == 1
        else f"<b>{row}</b> {column}<br>geometric mean of {counted(len(known), _noun(known))}: "
        f"<b>{text}{scale.gap}{scale.unit}</b><br>{', '.join(summary.case.model for summary in known)}"
    )
    models = tuple(summary.case.model for summary in known)
    return Cell(row=row, column=column, kind=CellKind.AMOUNT, value=value, text=text, hover=words, models=models)


def _ratio(
    row: str,
    column: str,
    known: Sequence[CaseSummary],
    metric: Metric,
    comparisons: Mapping[str, Comparison],
    base: str,
) -> Cell:
    found = [comparisons[s.case.case_id] for s in known if s.case.case_id in comparisons]
    if not found:
        return Cell(
            row=row,
            column=column,
            kind=CellKind.MISSING,
            text=MISSING,
            hover=f"<b>{row}</b> {column}<br>no ratio: {base} was not measured for it",
        )
    if len(found) == 1:
        only = found[0]
        summary = next(s for s in known if s.case.case_id in comparisons)
        value, decided = improvement(only.ratio, metric), only.verdict is not Verdict.UNDECIDED
        words = hover(summary, metric, only) + f"<br>against {base}: {only.reason}"
    else:
        mean, decided = mean_ratio(found)
        value = improvement(mean.geometric_mean, metric)
        interval = "" if mean.low is None or mean.high is None else _interval(mean.low, mean.high)
        words = (
            f"<b>{row}</b> {column}<br>{format_ratio(mean.geometric_mean, metric)} than {base}<br>"
            f"geometric mean of {counted(mean.cases, _noun(known))}{interval}"
        )
    text = f"{value:.2f}"
    return Cell(
        row=row,
        column=column,
        kind=CellKind.DECIDED if decided else CellKind.UNDECIDED,
        value=value,
        text=text if decided else f"? {text}",
        hover=words,
    )


def _noun(summaries: Sequence[CaseSummary]) -> str:
    return "model" if any(is_checkpoint(summary.case.size) for summary in summaries) else "model type"


def _interval(low: float, high: float) -> str:
    return f", 95\N{THIN SPACE}% interval {format_change(low)} to {format_change(high)}"
