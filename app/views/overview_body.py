"""The Overview below its filters: answer, key figures, and four charts that prove it."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from app import ids
from app.selection import Selection
from app.url_state import ViewState, address, start_address
from app.views.card import card
from app.views.chart_card import chart_card
from app.views.controls import link_button
from app.views.coverage_grid import CoverageTable, coverage_grid, coverage_title
from app.views.empty_state import empty_state
from app.views.key_figures import History, figures_of, key_figures
from app.views.overview_answer import answer, answer_detail, judged_ways, ways_title
from app.views.resolution_badge import resolution_badge, resolution_of
from app.views.summary_table import summary_table
from engine.domain.calibration import MachineNoise
from engine.domain.case import Workload
from engine.domain.measurement import Estimate, Metric
from engine.domain.summary import CaseSummary
from engine.figures.backend_comparison import backend_comparison
from engine.figures.batch_scaling import batch_scaling, batch_scaling_title, has_ideal, hidden_lines
from engine.figures.tokens import Theme
from engine.figures.top_models import top_models, top_models_title
from engine.figures.wording import obtained, shape, sizes_in, way
from engine.formatting import counted, format_disturbances

_UPPER_CHART = 184
_LOWER_CHART = 184
_TOP_MODELS = 7


def overview_body(
    selection: Selection,
    coverage: CoverageTable,
    startup: Sequence[CaseSummary],
    history: History,
    *,
    theme: Theme,
    narrow: bool,
    noise: MachineNoise | None = None,
) -> list[Component]:
    """Below the answer. `startup` are the model's summaries of the startup workload, for the key figures."""
    figures = figures_of(selection.ways[0], selection.curve, startup)
    charts = [
        _ways(selection, theme, narrow, noise),
        _scaling(selection, theme, narrow),
        _ranking(selection, theme, narrow),
        _coverage(coverage),
    ]
    return [
        *([key_figures(figures, history, theme, noise)] if figures else []),
        html.Div(charts, className="grid-12"),
    ]


def overview_head(selection: Selection, noise: MachineNoise | None = None) -> list[Component]:
    """The answer and its grounds; beside a verdict which change could have been resolved."""
    detail: list[Component | str] = [answer_detail(selection)]
    judged = judged_ways(selection)
    if judged is not None:
        detail += [" ", resolution_badge(resolution_of(*judged, noise))]
    return [html.H1(answer(selection), className="answer"), html.P(detail, className="answer-detail")]


def _ways(selection: Selection, theme: Theme, narrow: bool, noise: MachineNoise | None) -> Component:
    metric = selection.metric
    first = selection.ways[0]
    against = f" · ratio to {way(selection.baseline.case)}" if selection.comparisons else ""
    return chart_card(
        ways_title(selection),
        backend_comparison(
            selection.ways,
            metric=metric,
            theme=theme,
            baseline=selection.baseline,
            comparisons=selection.comparisons,
            narrow=narrow,
            height=_UPPER_CHART,
        ),
        summary_table(
            selection.ways, metric, comparisons=selection.comparisons, baseline=selection.baseline, noise=noise
        ),
        graph_id=ids.OVERVIEW_COMPARISON_CHART,
        name=f"{selection.model}-{metric.label}-by-backend",
        subtitle=f"{metric.title}, {shape(first.case)}{against}",
        footnote=_footnote(selection.ways, metric),
        class_name="span-6",
    )


def _scaling(selection: Selection, theme: Theme, narrow: bool) -> Component:
    metric = selection.metric
    if len({summary.case.batch_size for summary in selection.curve}) < 2:
        return _one_batch_only(selection)
    axes = "batch axis logarithmic" if metric is Metric.PEAK_MEMORY else "both axes logarithmic"
    ideal = " · dashed: ideal" if has_ideal(metric) else ""
    return chart_card(
        batch_scaling_title(selection.curve, metric=metric),
        batch_scaling(selection.curve, metric=metric, theme=theme, narrow=narrow, height=_UPPER_CHART),
        summary_table(selection.curve, metric),
        graph_id=ids.OVERVIEW_SCALING_CHART,
        name=f"{selection.model}-{metric.label}-by-batch",
        subtitle=f"{metric.title} of {selection.model} over batch size{ideal}",
        footnote=f"Line: medians · band: {_interval_words(selection.curve, metric)} · {axes}"
        + hidden_lines(selection.curve, metric),
        class_name="span-6",
    )


def _one_batch_only(selection: Selection) -> Component:
    case = selection.ways[0].case
    where = start_address(ViewState(model=case.model, workload=case.workload, size=case.size))
    return card(
        f"{selection.model} is {obtained(selection.ways[0])} at batch {selection.batch} only",
        empty_state(
            "How it scales is not known yet",
            "A second batch size shows what a larger batch brings, and where it stops paying.",
            link_button("Measure more batch sizes", where, kind="primary", drawing="play"),
        ),
        subtitle=f"{selection.metric.title} over batch size",
        class_name="span-6",
    )


def _ranking(selection: Selection, theme: Theme, narrow: bool) -> Component:
    metric, ranking, place = selection.metric, selection.ranking, selection.baseline.case
    hidden = len(ranking) - _TOP_MODELS
    others = ViewState(
        backend=place.backend,
        precision=place.precision,
        batch=place.batch_size,
        workload=None if place.workload is Workload.INFERENCE else place.workload,
        size=place.size if {summary.case.size for summary in ranking} == {place.size} else None,
        metric=metric,
    )
    more = address("/comparison", others)
    tools = [link_button(f"All {len(ranking)}", more, kind="link")] if hidden > 0 else []
    unseen = f" · {counted(hidden, 'more type')} in Comparison" if hidden > 0 else ""
    return chart_card(
        top_models_title(ranking, metric=metric),
        top_models(ranking, metric=metric, theme=theme, limit=_TOP_MODELS, narrow=narrow, height=_LOWER_CHART),
        summary_table(ranking, metric),
        graph_id=ids.OVERVIEW_TOP_CHART,
        name=f"top-models-{metric.label}-{way(place).replace(' ', '-')}",
        subtitle=f"{metric.title} by model type on {way(place)}, batch {place.batch_size}, {sizes_in(ranking)} size",
        footnote=f"Each type with its own usual input{unseen} · {_interval_words(ranking, metric)}",
        tools=tools,
        class_name="span-6",
    )


def _coverage(table: CoverageTable) -> Component:
    types = sum(len(models) for models in table.models.values())
    return card(
        coverage_title(table),
        coverage_grid(table),
        subtitle=f"{counted(types, 'model type')} by family · a cell opens its cases",
        class_name="span-6",
    )


def _footnote(summaries: Sequence[CaseSummary], metric: Metric) -> str:
    """Statistic, interval, n and machine."""
    machine = summaries[0].machine_label
    text = f"Median, {_interval_words(summaries, metric)}" + (f" · {machine}" if machine else "")
    noisy = [summary for summary in summaries if summary.is_noisy]
    why = format_disturbances([state for summary in noisy for state in summary.machines])
    cause = f" ({why})" if why else ""
    return f"{text} · {len(noisy)} of {len(summaries)} disturbed while measured{cause}" if noisy else text


def _interval_words(summaries: Sequence[CaseSummary], metric: Metric) -> str:
    estimates: list[Estimate] = [summary.estimates[metric] for summary in summaries]
    counts = sorted({estimate.processes for estimate in estimates})
    known = next((estimate for estimate in estimates if estimate.low is not None), None)
    n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    processes = f"{n} process" + ("" if counts == [1] else "es")
    if known is None:
        return f"{processes}, too few for an interval"
    if known.confidence is None:
        return f"range over {processes}"
    share = f"{known.confidence * 100:g}\N{THIN SPACE}% interval"
    return f"{share} within one process" if counts == [1] else f"{share} over {processes}"
