"""The row of key figures for the best way to run a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from app.views.kpi_tile import kpi_tile
from app.views.marks import verdict_mark
from app.views.resolution_badge import resolution_badge
from engine.domain.calibration import MachineNoise
from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary, Comparison
from engine.domain.workload_metrics import METRICS
from engine.figures.sparkline import HEIGHT, WIDTH, sparkline
from engine.figures.tokens import Theme
from engine.formatting import format_estimate
from engine.stats.comparison import compare
from engine.stats.quantiles import median
from engine.stats.resolution import resolution
from engine.verdict_words import format_comparison

History = Callable[[CaseSummary, Metric], Sequence[tuple[float, ...]]]
"""Per-process values of a case in each run that completed it, oldest run first."""


_FEWEST_RUNS = 3
"""Two points make no history."""
_MOST_FIGURES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    label: str
    metric: Metric
    summary: CaseSummary


def key_figures(
    figures: Sequence[KeyFigure], history: History, theme: Theme, noise: MachineNoise | None = None
) -> Component:
    """One tile each; a verdict with its badge and a sparkline only where an earlier run gives a baseline."""
    return html.Div(
        [_tile(figure, history(figure.summary, figure.metric), theme, noise) for figure in figures], className="kpi-row"
    )


def figures_of(best: CaseSummary, curve: Sequence[CaseSummary], startup: Sequence[CaseSummary]) -> list[KeyFigure]:
    """Latency, throughput, memory and start, run the same way; what was not measured is left out.

    Generation and concurrency have figures of their own, headline first.
    """
    case = best.case
    same_way = [s for s in curve if s.case.way == case.way]
    at_batch = next((s for s in same_way if s.case.batch_size == case.batch_size), best)
    if case.workload in (Workload.GENERATION, Workload.CONCURRENCY):
        return [
            KeyFigure(label=f"{metric.title}, batch {case.batch_size}", metric=metric, summary=at_batch)
            for metric in METRICS[case.workload]
            if metric in at_batch.estimates
        ][:_MOST_FIGURES]
    wanted = [("Latency", Metric.LATENCY, at_batch), ("Peak memory", Metric.PEAK_MEMORY, at_batch)]
    found = [
        KeyFigure(label=f"{name}, batch {summary.case.batch_size}", metric=metric, summary=summary)
        for name, metric, summary in wanted
        if metric in summary.estimates
    ]
    fed = [summary for summary in same_way if Metric.THROUGHPUT in summary.estimates]
    if fed:
        peak = max(fed, key=lambda summary: summary.estimates[Metric.THROUGHPUT].value)
        label = f"Throughput, batch {peak.case.batch_size}"
        found.insert(1, KeyFigure(label=label, metric=Metric.THROUGHPUT, summary=peak))
    return found + _start_figures(case, startup)


def _start_figures(case: Case, startup: Sequence[CaseSummary]) -> list[KeyFigure]:
    """Warm or cold, which only a start can be: warm where there is both."""
    wanted = replace(case, cold=False).way
    same = [s for s in startup if replace(s.case, cold=False).way == wanted and s.case.size == case.size]
    if not same:
        return []
    first = min(same, key=lambda summary: (summary.case.cold, summary.case.batch_size))
    metrics = (Metric.CLASS_INSTANTIATION_TIME, Metric.MODEL_INITIALIZATION_TIME)
    return [
        KeyFigure(label=metric.title, metric=metric, summary=first) for metric in metrics if metric in first.estimates
    ]


def _tile(figure: KeyFigure, runs: Sequence[tuple[float, ...]], theme: Theme, noise: MachineNoise | None) -> Component:
    comparison = _against_previous(figure.metric, runs)
    verdict = spark = badge = None
    if comparison is not None:
        verdict = verdict_mark(comparison.verdict, f"{format_comparison(comparison)}, against the run before")
        badge = resolution_badge(resolution(runs[-2], runs[-1], noise, comparisons=comparison.comparisons))
        if len(runs) >= _FEWEST_RUNS:
            spark = _spark([median(values) for values in runs], comparison, theme)
    estimate = figure.summary.estimates[figure.metric]
    text = format_estimate(estimate, figure.metric)
    processes = f"{estimate.processes} process" + ("es" if estimate.processes != 1 else "")
    return kpi_tile(
        figure.label,
        text,
        provenance=figure.summary.provenance,
        note=f"{processes}, first run" if text.interval else "first run",
        verdict=verdict,
        badge=badge,
        sparkline=spark,
        title=f"{figure.metric.definition} Interval: {estimate.method}.",
    )


def _against_previous(metric: Metric, runs: Sequence[tuple[float, ...]]) -> Comparison | None:
    """The newest run against the one before it; None without one."""
    if len(runs) < 2 or median(runs[-2]) <= 0 or median(runs[-1]) <= 0:
        return None
    return compare(metric, runs[-2], runs[-1])


def _spark(medians: Sequence[float], comparison: Comparison, theme: Theme) -> Component:
    earlier = medians[:-1]
    band = (min(earlier), max(earlier)) if len(earlier) >= 3 else None
    svg = sparkline(medians[-12:], theme=theme, band=band, verdict=comparison.verdict)
    return html.Img(
        src=f"data:image/svg+xml,{quote(svg)}",
        width=WIDTH,
        height=HEIGHT,
        className="sparkline",
        alt=f"Medians of the last {min(len(medians), 12)} runs",
    )
