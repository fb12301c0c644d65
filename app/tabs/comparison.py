"""Comparison: every way of running against the baseline, every case in a table, and why a verdict is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from app import data, ids
from app.heat_map_cells import HeatMap, most_telling
from app.heat_map_choice import chosen_heat_map, clicked_place, completed, selected_place
from app.selection import metric_of, workload_of
from app.tabs.comparison_filters import INPUTS, filter_chips, in_table, metric_options, state_from
from app.tabs.comparison_table import table_card
from app.url_state import Mode, Rows, ViewState, plain, read_state, start_address, state_of, write_state
from app.views.case_details import case_details, choose_a_case, family_details
from app.views.comparison_body import comparison_head, heat_map_card
from app.views.controls import button, link_button, segmented
from app.views.empty_state import empty_state
from app.views.filter_bar import filter_bar
from app.views.page_width import page_width
from app.views.share_button import share_button
from app.views.shown_count import shown_count
from engine.analysis.tails import tails_of
from engine.domain.case import Workload
from engine.domain.result import Result, ResultFilter, ResultStatus
from engine.domain.summary import CaseSummary
from engine.figures.tokens import Theme
from engine.formatting import counted
from engine.storage import results

_STORED = ResultFilter(statuses=(ResultStatus.COMPLETED,))


def layout(search: str) -> Component:
    """Filters as the address names them; charts and table are filled in once theme and width are known."""
    wanted = read_state(search)
    summaries = data.shown_summaries(wanted.machine)
    if not summaries:
        return html.Div(_nothing_yet(), className="page")
    state = completed(summaries, wanted)
    chips = filter_chips(summaries, state)
    first, rest = ["model"], ["family", "backend", "precision", "batch", "workload", "size", "metric"]
    return html.Div(
        [
            page_width(),
            dcc.Store(id=ids.COMPARISON_SEEN),
            dcc.Input(id=ids.COMPARISON_MACHINE, type="hidden", value=state.machine),
            dcc.Store(id=ids.COMPARISON_CASE, data={"case": state.case} if state.case else None),
            dcc.Download(id=ids.COMPARISON_CSV),
            filter_bar(
                [chips[name] for name in first],
                [chips[name] for name in rest],
                count=html.Span(id=ids.COMPARISON_COUNT),
                tools=[button("", id=ids.COMPARISON_RELOAD, kind="chip", hidden=True), share_button()],
                active=sum(1 for name in rest if name != "metric" and getattr(state, name) is not None),
            ),
            html.Div(
                [
                    html.Div([html.Div(id=ids.COMPARISON_HEAD), _switches(state)], className="page-head"),
                    html.Div(
                        [
                            html.Div(
                                html.Div(className="skeleton skeleton-page"),
                                id=ids.COMPARISON_BODY,
                                className="span-7 stretch",
                            ),
                            html.Div(choose_a_case(), id=ids.COMPARISON_DETAILS, className="span-5 stretch"),
                        ],
                        className="grid-12",
                    ),
                    table_card(in_table(summaries, state)),
                ],
                className="page",
            ),
        ],
        className="comparison",
    )


@callback(
    Output(ids.COMPARISON_HEAD, "children"),
    Output(ids.COMPARISON_BODY, "children"),
    Output(ids.COMPARISON_COUNT, "children"),
    Output(ids.COMPARISON_SEEN, "data"),
    *INPUTS,
    Input(ids.THEME, "data"),
    Input(ids.PAGE_IS_NARROW, "data"),
    Input(ids.COMPARISON_RELOAD, "n_clicks"),
    Input(ids.COMPARISON_CASE, "data"),
)
def show_heat_map(*inputs: Any) -> tuple[Any, Any, Any, int]:
    """The answer and the heat map for these filters."""
    *values, theme, narrow, _, chosen = inputs
    state = state_from(values)
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        seen = results.count(cursor, _STORED)
    summaries = data.shown_summaries(state.machine)
    cases = counted(len(in_table(summaries, state)), "case")
    here = workbench.environment.environment_id
    count = shown_count(cases, summaries, data.all_summaries(), here, "/comparison")
    found, batch, size = chosen_heat_map(summaries, state)
    if found is None:
        return [], _nothing_here(state), count, seen
    body = heat_map_card(
        found,
        theme=_theme(theme),
        narrow=bool(narrow),
        selected=selected_place(found, chosen),
        batch=batch,
        size=size,
    )
    return comparison_head(found), body, count, seen


@callback(
    Output(ids.COMPARISON_CASE, "data"),
    Output(ids.COMPARISON_GRID, "selectedRows"),
    Input(ids.COMPARISON_GRID, "selectedRows"),
    Input(ids.COMPARISON_HEATMAP, "clickData", allow_optional=True),
    prevent_initial_call=True,
)
def choose_case(rows: list[dict[str, Any]] | None, click: dict[str, Any] | None) -> tuple[Any, Any]:
    """A row of the table names its case; a cell of the heat map its row and column, and lets go of the row."""
    if ctx.triggered_id == ids.COMPARISON_GRID:
        return ({"case": rows[0]["case_id"]} if rows else no_update), no_update
    place = click["points"][0].get("customdata") if click else None
    return ({"place": place}, []) if place else (no_update, no_update)


@callback(
    Output(ids.COMPARISON_ROWS, "value"),
    Input(ids.COMPARISON_FAMILY, "value"),
    Input(ids.COMPARISON_MODEL, "value"),
    prevent_initial_call=True,
)
def unfold_family(family: str | None, model: str | None) -> Any:
    """One family alone has nothing to be compared with but its own model types."""
    return Rows.MODEL.value if family or model else no_update


@callback(
    Output(ids.COMPARISON_METRIC, "options"),
    Output(ids.COMPARISON_METRIC, "value"),
    Input(ids.COMPARISON_WORKLOAD, "value"),
    State(ids.COMPARISON_METRIC, "value"),
    State(ids.COMPARISON_MACHINE, "value"),
    prevent_initial_call=True,
)
def offer_metrics(
    workload: str | None, metric: str | None, machine: str | None
) -> tuple[list[dict[str, str]], str | None]:
    """Each workload has its own metrics; the one chosen stays where it is among those measured."""
    state = state_of({"workload": workload or Workload.INFERENCE.value, "metric": metric})
    offered = metric_options(data.shown_summaries(machine), state)
    wanted, known = metric_of(state).label, [option["value"] for option in offered]
    return offered, wanted if wanted in known or not known else known[0]


@callback(
    Output(ids.COMPARISON_DETAILS, "children"),
    Input(ids.COMPARISON_CASE, "data"),
    *INPUTS,
    Input(ids.THEME, "data"),
)
def show_details(chosen: dict[str, Any] | None, *inputs: Any) -> Component:
    """Why? for the case or cell that was chosen last."""
    *values, theme = inputs
    state = state_from(values)
    summaries = data.shown_summaries(state.machine)
    found, _, _ = chosen_heat_map(summaries, state)
    place = clicked_place(found, chosen) if found is not None else None
    if found is not None and place is not None:
        members = found.members.get(place, ())
        if len(members) != 1:
            noise = data.machine_noise(summaries[0].environment_id)
            return family_details(found, *place, noise=noise)
        return _details(members[0], found, state, theme)
    summary = next((s for s in summaries if s.case.case_id == (chosen or {}).get("case")), None)
    if summary is not None:
        return _details(summary, found, state, theme)
    if found is not None and (telling := most_telling(found)) is not None:
        return _details(telling, found, state, theme)
    return choose_a_case()


@callback(
    Output(ids.URL, "search", allow_duplicate=True),
    *INPUTS,
    Input(ids.COMPARISON_CASE, "data"),
    State(ids.URL, "search"),
    prevent_initial_call=True,
)
def write_address(*inputs: Any) -> Any:
    """Left alone while it says the same: a page that was only opened adds nothing to the browser's history."""
    *values, chosen, search = inputs
    state = replace(state_from(values), case=(chosen or {}).get("case"))
    before = read_state(search)
    return no_update if state == completed(data.shown_summaries(before.machine), before) else write_state(state)


@callback(
    Output(ids.COMPARISON_RELOAD, "children"),
    Output(ids.COMPARISON_RELOAD, "hidden"),
    Input(ids.CLOCK, "n_intervals"),
    Input(ids.COMPARISON_SEEN, "data"),
    prevent_initial_call=True,
)
def offer_new_results(_: int | None, seen: int | None) -> tuple[Any, Any]:
    """A chip instead of a refresh that disturbs reading."""
    if seen is None:
        return no_update, no_update
    with data.workbench().database.cursor() as cursor:
        new = results.count(cursor, _STORED) - seen
    return f"{counted(new, 'new result')}, load", new <= 0


def _theme(theme: str | None) -> Theme:
    return "dark" if theme == "dark" else "light"


def _details(summary: CaseSummary, found: HeatMap | None, state: ViewState, theme: str | None) -> Component:
    """Against the baseline of the heat map where the case is part of it."""
    case = summary.case
    metric = metric_of(state)
    if metric not in summary.estimates and summary.estimates:
        metric = next(iter(summary.estimates))
    comparison = found.comparisons.get(case.case_id) if found is not None else None
    baseline = found.baselines.get(case.model) if found is not None and comparison is not None else None
    with data.workbench().database.cursor() as cursor:
        measured = results.find(cursor, replace(_STORED, models=(case.model_type,), run_id=summary.last_run_id))
    return case_details(
        summary,
        metric=metric,
        baseline=baseline,
        comparison=comparison,
        theme=_theme(theme),
        noise=data.machine_noise(summary.environment_id),
        tails=tails_of(summary, measured),
        notes=_newest_notes(summary, measured),
    )


def _newest_notes(summary: CaseSummary, measured: Sequence[Result]) -> tuple[str, ...]:
    """What the newest process behind the figures says of itself; `measured` is newest first."""
    return next(
        (
            result.notes
            for result in measured
            if result.case == summary.case
            and result.status is ResultStatus.COMPLETED
            and result.environment_id == summary.environment_id
            and result.provenance is summary.provenance
        ),
        (),
    )


def _switches(state: ViewState) -> Component:
    return html.Div(
        [
            segmented(
                ids.COMPARISON_ROWS,
                [(Rows.FAMILY.value, "Families"), (Rows.MODEL.value, "Model types")],
                plain(state.rows),
                "Rows of the heat map",
            ),
            segmented(
                ids.COMPARISON_MODE,
                [(Mode.RATIO.value, "Ratio"), (Mode.ABSOLUTE.value, "Absolute")],
                plain(state.mode),
                "Cells of the heat map",
            ),
        ],
        className="switches",
    )


def _nothing_yet() -> Component:
    return empty_state(
        "There is nothing to compare yet",
        "Measure a few model types in two precisions: the heat map shows which way of running pays for which family, "
        "the table lists every case.",
        link_button("Start a run", "/live-runs", kind="primary", drawing="play"),
    )


def _nothing_here(state: ViewState) -> Component:
    metric, wanted = metric_of(state), replace(state, workload=workload_of(state))
    return empty_state(
        f"No {metric.title.lower()} was measured with these filters",
        "Loosen a filter, or measure what is missing.",
        link_button("Clear all filters", "/comparison"),
        link_button("Measure it", start_address(wanted), kind="primary", drawing="play"),
    )
