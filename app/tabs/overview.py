"""Overview: what is best here, how sure that is, and what is still unknown."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache
from typing import Any

from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from app import data, ids
from app.selection import chosen_workload, history, metric_of, narrowed, select, sizes_in_use, workload_of
from app.url_state import ViewState, address, plain, read_state, start_address, state_of, write_state
from app.views.controls import button, link_button, segmented
from app.views.coverage_grid import coverage_table
from app.views.empty_state import empty_state
from app.views.error_notice import error_notice
from app.views.filter_bar import filter_bar, filter_chip
from app.views.overview_body import overview_body, overview_head
from app.views.overview_switch import overview_switch
from app.views.page_width import page_width
from app.views.share_button import share_button
from app.views.shown_count import shown_count
from engine.catalog.registry import Catalog
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Family
from engine.domain.result import Provenance, Result, ResultFilter, ResultStatus
from engine.domain.summary import CaseSummary
from engine.domain.workload_metrics import METRICS
from engine.figures.tokens import Theme
from engine.formatting import counted
from engine.storage import results

_FILTERS = {
    "model": ids.OVERVIEW_MODEL,
    "family": ids.OVERVIEW_FAMILY,
    "backend": ids.OVERVIEW_BACKEND,
    "precision": ids.OVERVIEW_PRECISION,
    "batch": ids.OVERVIEW_BATCH,
    "workload": ids.OVERVIEW_WORKLOAD,
    "size": ids.OVERVIEW_SIZE,
    "machine": ids.OVERVIEW_MACHINE,
    "metric": ids.OVERVIEW_METRIC,
}
"""Field of the view's state -> the component that holds it; callbacks take them in this order."""
_NOT_COUNTED = ("model", "metric", "machine")
"""What is no filter on the button that counts them."""
_SHORT_METRICS = {
    Metric.PEAK_MEMORY: "Memory",
    Metric.MODEL_INITIALIZATION_TIME: "Initialisation",
    Metric.CLASS_INSTANTIATION_TIME: "Instantiation",
    Metric.MODULE_IMPORT_TIME: "Import",
    Metric.TIME_TO_FIRST_TOKEN: "First token",
    Metric.INTER_TOKEN_LATENCY: "Between tokens",
    Metric.GENERATION_THROUGHPUT: "Tokens/s",
    Metric.REQUESTS_PER_SECOND: "Requests/s",
    Metric.MODELS_PER_SECOND: "Models/s",
    Metric.SCALING_EFFICIENCY: "Efficiency",
}
_COMPLETED = ResultFilter(statuses=(ResultStatus.COMPLETED,))


def layout(search: str) -> Component:
    """Filters as the address names them; the page itself is drawn once theme and width are known."""
    state = _completed(read_state(search))
    summaries = data.shown_summaries(state.machine)
    chips = _chips(summaries, state)
    return html.Div(
        [
            page_width(),
            dcc.Store(id=ids.OVERVIEW_SEEN),
            dcc.Input(id=ids.OVERVIEW_MACHINE, type="hidden", value=state.machine),
            filter_bar(
                [chips["model"]],
                [chips[name] for name in ("family", "backend", "precision", "batch", "workload", "size")],
                count=html.Span(id=ids.OVERVIEW_COUNT),
                tools=[_reload_chip(), share_button()],
                active=sum(1 for name in _FILTERS if name not in _NOT_COUNTED and getattr(state, name) is not None),
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Div(id=ids.OVERVIEW_HEAD),
                            html.Div([overview_switch("/"), _metric_switch(state)], className="switches"),
                        ],
                        className="page-head",
                    ),
                    html.Div(html.Div(className="skeleton skeleton-page"), id=ids.OVERVIEW_BODY, className="page-body"),
                ],
                className="page",
            ),
        ],
        className="overview",
    )


@callback(
    Output(ids.OVERVIEW_HEAD, "children"),
    Output(ids.OVERVIEW_BODY, "children"),
    Output(ids.OVERVIEW_COUNT, "children"),
    Output(ids.OVERVIEW_SEEN, "data"),
    Output(ids.OVERVIEW_MODEL, "placeholder"),
    *[Input(component, "value") for component in _FILTERS.values()],
    Input(ids.THEME, "data"),
    Input(ids.PAGE_IS_NARROW, "data"),
    Input(ids.OVERVIEW_RELOAD, "n_clicks"),
)
def show_overview(*inputs: Any) -> tuple[Any, Any, Any, int, str]:
    """The page for these filters."""
    *values, theme, narrow, _ = inputs
    state = state_of(dict(zip(_FILTERS, values, strict=True)))
    workbench = data.workbench()
    summaries = data.shown_summaries(state.machine)
    of_shown = replace(_COMPLETED, environment_id=summaries[0].environment_id if summaries else None)
    with workbench.database.cursor() as cursor:
        seen, measured = results.count(cursor, _COMPLETED), results.count(cursor, of_shown)
    head, body, model = _page(summaries, state, theme or "light", bool(narrow))
    is_imported = bool(summaries) and summaries[0].provenance is Provenance.IMPORTED
    said = counted(measured, "result") if is_imported else f"{counted(measured, 'result')} measured"
    count = shown_count(said, summaries, data.all_summaries(), workbench.environment.environment_id, "/")
    return head, body, count, seen, model or "all"


@callback(
    Output(ids.URL, "search", allow_duplicate=True),
    *[Input(component, "value") for component in _FILTERS.values()],
    State(ids.URL, "search"),
    prevent_initial_call=True,
)
def write_address(*inputs: Any) -> Any:
    """Left alone while it says the same: a page that was only opened adds nothing to the browser's history."""
    *values, search = inputs
    state = state_of(dict(zip(_FILTERS, values, strict=True)))
    return no_update if _shown(state) == _shown(_completed(read_state(search))) else write_state(state)


@callback(
    Output(ids.OVERVIEW_METRIC, "options"),
    Output(ids.OVERVIEW_METRIC, "value"),
    Input(ids.OVERVIEW_WORKLOAD, "value"),
    State(ids.OVERVIEW_METRIC, "value"),
    prevent_initial_call=True,
)
def offer_metrics(workload: str | None, metric: str | None) -> tuple[list[dict[str, str]], str]:
    """Each workload has its own metrics; the one chosen stays where it is among them."""
    state = state_of({"workload": workload or Workload.INFERENCE.value, "metric": metric})
    offered = [{"value": value, "label": label} for value, label in _metric_options(state)]
    return offered, metric_of(state).label


@callback(
    Output(ids.OVERVIEW_MODEL, "options"),
    Output(ids.OVERVIEW_MODEL, "value"),
    Input(ids.OVERVIEW_FAMILY, "value"),
    State(ids.OVERVIEW_MODEL, "value"),
    State(ids.OVERVIEW_MACHINE, "value"),
    prevent_initial_call=True,
)
def offer_models(family: str | None, model: str | None, machine: str | None = None) -> tuple[list[str], str | None]:
    """Only types of the chosen family; a model outside it is let go."""
    summaries = data.shown_summaries(machine)
    offered = _models(narrowed(summaries, state_of({"family": family}), but=("workload",)))
    return offered, model if model in offered else None


@callback(
    Output(ids.OVERVIEW_RELOAD, "children"),
    Output(ids.OVERVIEW_RELOAD, "hidden"),
    Output(ids.OVERVIEW_RELOAD, "n_clicks"),
    Input(ids.CLOCK, "n_intervals"),
    Input(ids.OVERVIEW_SEEN, "data"),
    State(ids.OVERVIEW_RELOAD, "n_clicks"),
    prevent_initial_call=True,
)
def offer_new_results(_: int | None, seen: int | None, clicks: int | None) -> tuple[Any, Any, Any]:
    """A chip instead of a refresh that disturbs reading; a page that is still empty fills by itself."""
    if seen is None:
        return no_update, no_update, no_update
    with data.workbench().database.cursor() as cursor:
        new = results.count(cursor, _COMPLETED) - seen
    if new > 0 and seen == 0:
        return no_update, True, (clicks or 0) + 1
    return f"{counted(new, 'new result')}, load", new <= 0, no_update


def _completed(state: ViewState) -> ViewState:
    """With the metric that is shown where none is chosen, and the workload that a chosen metric belongs to."""
    return replace(state, metric=metric_of(state), workload=chosen_workload(state))


def _shown(state: ViewState) -> ViewState:
    """Without what the Overview has no control for."""
    return replace(state, rows=None, mode=None, case=None)


def _worth_covering(catalog: Catalog, measured: AbstractSet[str], family: Family | None) -> list[tuple[str, Family]]:
    """Types that were tried, and those of the first run that were not: a grid of all that run would hide them."""
    chosen = [model for model in catalog.runnable if model.in_first_run or model.name in measured]
    return [(model.name, model.family) for model in chosen if family in (None, model.family)]


def _page(
    summaries: Sequence[CaseSummary], state: ViewState, theme: Theme, narrow: bool
) -> tuple[list[Component], list[Component], str | None]:
    """Head and body, and the model they are about."""
    if not any(summary.completed for summary in summaries):
        return [], _nothing_yet(summaries), None
    selection = select(summaries, state)
    if selection is None:
        return [], _nothing_here(summaries, state), state.model
    startup = [
        summary
        for summary in summaries
        if summary.case.model == selection.model and summary.case.workload is Workload.STARTUP
    ]
    workbench = data.workbench()
    covered = _worth_covering(workbench.catalog, {summary.case.model_type for summary in summaries}, state.family)
    table = coverage_table(narrowed(summaries, replace(state, model=None), but=("batch", "size", "workload")), covered)

    @cache
    def measured() -> list[Result]:
        with workbench.database.cursor() as cursor:
            place = selection.baseline.case  # what weights are called is no column: their type is
            of = selection.model if place.checkpoint is None else place.model_type
            return results.find(cursor, replace(_COMPLETED, models=(of,)))

    noise = data.machine_noise(selection.baseline.environment_id)
    body = overview_body(
        selection,
        table,
        startup,
        lambda summary, metric: history(
            [found for found in measured() if found.environment_id == summary.environment_id],
            summary.case.case_id,
            metric,
            summary.last_run_id,
        ),
        theme=theme,
        narrow=narrow,
        noise=noise,
    )
    return overview_head(selection, noise), body, selection.model


def _nothing_yet(summaries: Sequence[CaseSummary]) -> list[Component]:
    active = data.workbench().supervisor.active()
    failures = [summary for summary in summaries if summary.last_failure is not None]
    if active:
        return [
            empty_state(
                "The first results are on their way",
                f"Run {active[0].run.number} is under way: {active[0].current_step}. "
                "This page fills by itself as soon as a case is done.",
                link_button("Watch it", "/live-runs", kind="primary"),
            )
        ]
    if failures:
        last = max(failures, key=lambda summary: summary.measured_at)
        assert last.last_failure is not None
        return [
            error_notice(
                f"No case has completed; {last.case.label} failed last",
                last.last_failure.reason,
                detail=f"{counted(len(failures), 'case')} failed so far.",
                log=last.last_failure.log,
                actions=[link_button("Start another run", "/live-runs", kind="primary")],
            )
        ]
    return [
        empty_state(
            "Nothing is measured yet",
            "A run of a few model types on this machine fills this page: answers, key figures and charts. "
            "The first numbers arrive within a minute of starting one.",
            link_button("Start a run", "/live-runs", kind="primary", drawing="play"),
        )
    ]


def _nothing_here(summaries: Sequence[CaseSummary], state: ViewState) -> list[Component]:
    """Says which filters leave nothing, and offers to measure it or to widen."""
    chosen = [
        f"batch {state.batch}" if name == "batch" else str(plain(getattr(state, name)))
        for name in _FILTERS
        if getattr(state, name) is not None and name not in ("metric", "machine")
    ]
    wider = replace(state, batch=None, precision=None, backend=None, size=None, workload=None)
    left = narrowed(summaries, wider)
    actions = [link_button("Measure it", start_address(state), kind="primary", drawing="play")]
    if left:
        actions.append(link_button(f"Widen: {counted(len(left), 'case')}", address("/", wider)))
    actions.append(link_button("Clear all filters", "/"))
    return [
        empty_state(
            f"No result for {', '.join(chosen) or 'this view'} yet",
            f"{metric_of(state).title} was not measured with these filters together.",
            *actions,
        )
    ]


def _chips(summaries: Sequence[CaseSummary], state: ViewState) -> dict[str, Component]:
    cases = [summary.case for summary in summaries]
    options: dict[str, list[Any]] = {
        "model": _models(narrowed(summaries, ViewState(family=state.family), but=("workload",))),
        "family": [{"value": f.value, "label": f.label} for f in Family if f in {case.family for case in cases}],
        "backend": sorted({case.backend for case in cases}),
        "precision": [p.value for p in Precision if p in {case.precision for case in cases}],
        "batch": sorted({case.batch_size for case in cases}),
        "workload": [w.value for w in Workload if w in {case.workload for case in cases}],
        "size": sizes_in_use(cases),
    }
    names = {"model": "Model", "family": "Family", "backend": "Backend", "precision": "Precision"}
    names |= {"batch": "Batch", "workload": "Workload", "size": "Size"}
    unset = {"batch": "smallest", "workload": Workload.INFERENCE.value, "size": "largest"}
    return {
        name: filter_chip(
            title,
            _FILTERS[name],
            options[name],
            plain(getattr(state, name)),
            placeholder=unset.get(name, "all"),
            searchable=name == "model",
        )
        for name, title in names.items()
    }


def _models(summaries: Sequence[CaseSummary]) -> list[str]:
    return sorted({summary.case.model for summary in summaries})


def _metric_switch(state: ViewState) -> Component:
    return segmented(ids.OVERVIEW_METRIC, _metric_options(state), metric_of(state).label, "Metric of every chart")


def _metric_options(state: ViewState) -> list[tuple[str, str]]:
    """Energy only where some machine had a counter for it."""
    is_counted = any(Metric.ENERGY in summary.estimates for summary in data.shown_summaries())
    offered = [metric for metric in METRICS[workload_of(state)] if is_counted or metric is not Metric.ENERGY]
    return [(metric.label, _SHORT_METRICS.get(metric, metric.title)) for metric in offered]


def _reload_chip() -> Component:
    return button("", id=ids.OVERVIEW_RELOAD, kind="chip", hidden=True)
