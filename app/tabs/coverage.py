"""Coverage, the Overview's second page: which model types work, check by check, and what changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from app import data, ids
from app.coverage_choice import addressed, completed, shown_entries, way_of
from app.coverage_state import PATH, CoverageState, read_state, state_of, write_state
from app.views.changes_card import changes_card
from app.views.conformance_card import conformance_card, nothing_examined
from app.views.conformance_grid import conformance_columns, conformance_legend, conformance_rows, grid_height
from app.views.conformance_panel import conformance_panel
from app.views.controls import button
from app.views.coverage_download import coverage_download
from app.views.coverage_filters import coverage_filters
from app.views.empty_state import empty_state
from app.views.overview_switch import overview_switch
from app.views.page_width import page_width
from engine.analysis.coverage import count
from engine.domain.conformance import Check
from engine.formatting import counted
from engine.reports.coverage_words import answer_sentence, overall_sentence, way_words
from engine.workflows.coverage import Coverage, changes_since, coverage, examination_history, examined_in_detail

_FILTERS = {
    "family": ids.COVERAGE_FAMILY,
    "verdict": ids.COVERAGE_VERDICT,
    "check": ids.COVERAGE_CHECK,
    "backend": ids.COVERAGE_BACKEND,
    "precision": ids.COVERAGE_PRECISION,
    "text": ids.COVERAGE_TEXT,
    "since": ids.COVERAGE_SINCE,
}
"""Field of the page's state -> the component that holds it; callbacks take them in this order."""
_INPUTS = [Input(component, "value") for component in _FILTERS.values()]


def layout(search: str) -> Component:
    """Filters as the address names them; rows and texts follow at once from callbacks."""
    found = coverage(data.workbench())
    if not found.entries:
        return html.Div([overview_switch(PATH), nothing_examined()], className="page")
    state = completed(found, read_state(search))
    return html.Div(
        [
            page_width(),
            dcc.Store(id=ids.COVERAGE_CHOSEN, data={"model": state.model} if state.model else None),
            dcc.Download(id=ids.COVERAGE_FILE),
            coverage_filters(found, state),
            html.Div(
                [
                    html.Div(
                        [html.Div(id=ids.COVERAGE_HEAD), overview_switch(PATH)], className="page-head coverage-head"
                    ),
                    html.Div(
                        [
                            conformance_card(_rows(found, state), chosen=state.model),
                            html.Div(id=ids.COVERAGE_DETAILS, className="conformance-side"),
                        ],
                        id=ids.COVERAGE_FRAME,
                        className="conformance-frame",
                    ),
                    html.Div(id=ids.COVERAGE_CHANGES),
                ],
                className="page",
            ),
        ],
        className="conformance-page",
    )


@callback(
    Output(ids.COVERAGE_HEAD, "children"),
    Output(ids.COVERAGE_COUNT, "children"),
    Output(ids.COVERAGE_LEGEND, "children"),
    *_INPUTS,
)
def show_answer(*values: Any) -> tuple[Any, str, Component]:
    """How much works on this backend and precision, and how many types pass the filters."""
    found = coverage(data.workbench())
    state = _state(found, values)
    everything = found.of_way(way_of(state))
    shown = shown_entries(found, state)
    counts = count(everything)
    versions = ", ".join(version.label for version in found.current)
    head = [
        html.H1(answer_sentence(counts, *way_of(state)), className="answer"),
        html.P(f"{overall_sentence(counts)} Tiny models with random weights, {versions}.", className="answer-detail"),
    ]
    said = f"{len(shown):,} of {counted(len(everything), 'type')}"
    return head, said, conformance_legend(counts)


@callback(
    Output(ids.COVERAGE_GRID, "rowData"),
    Output(ids.COVERAGE_GRID, "style"),
    *_INPUTS,
    prevent_initial_call=True,
)
def fill_grid(*values: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The types that pass the filters, once these change: the page was opened with those of its address."""
    found = coverage(data.workbench())
    rows = _rows(found, _state(found, values))
    return rows, {"height": f"{grid_height(rows)}px"}


@callback(
    Output(ids.COVERAGE_GRID, "columnDefs"),
    Output(ids.COVERAGE_FRAME, "className"),
    Input(ids.PAGE_IS_NARROW, "data"),
    Input(ids.COVERAGE_CHOSEN, "data"),
)
def make_room(narrow: bool | None, chosen: Mapping[str, Any] | None) -> tuple[list[dict[str, Any]], str]:
    """The open panel takes the place of the reasons."""
    is_open = chosen is not None
    columns = conformance_columns(narrow=bool(narrow), has_panel=is_open)
    return columns, "conformance-frame is-open" if is_open else "conformance-frame"


@callback(
    Output(ids.COVERAGE_CHOSEN, "data"),
    Output(ids.COVERAGE_GRID, "selectedRows"),
    Input(ids.COVERAGE_GRID, "cellClicked"),
    Input(ids.COVERAGE_CLOSE, "n_clicks", allow_optional=True),
    prevent_initial_call=True,
)
def choose_type(click: Mapping[str, Any] | None, closed: int | None) -> tuple[Any, Any]:
    """A cell names a type and a check; closing lets go of both."""
    if ctx.triggered_id == ids.COVERAGE_CLOSE:
        return (None, []) if closed else (no_update, no_update)
    if not click or str(click.get("rowId", "")).startswith("family "):
        return no_update, no_update
    return {"model": click["rowId"], "check": click.get("colId")}, {"ids": [click["rowId"]]}


@callback(
    Output(ids.COVERAGE_DETAILS, "children"),
    Input(ids.COVERAGE_CHOSEN, "data"),
    *_INPUTS,
)
def show_details(chosen: Mapping[str, Any] | None, *values: Any) -> Component | None:
    """The examination of the chosen type on the page's backend and precision, with tracebacks."""
    workbench = data.workbench()
    found = coverage(workbench)
    state = _state(found, values)
    model = (chosen or {}).get("model")
    if model is None:
        return None
    entries = [entry for entry in found.entries if entry.model_type == model]
    here = next((entry for entry in entries if (entry.backend, entry.precision) == way_of(state)), None)
    if here is None:
        return empty_state(
            f"There is no model type {model!r} here",
            "The address may be misspelt, or name a type of another library version.",
            button("Close", id=ids.COVERAGE_CLOSE),
        )
    detailed = {(one.backend, one.precision): one for one in examined_in_detail(workbench, model)}
    return conformance_panel(
        replace(here, conformance=detailed.get(way_of(state))),
        check=next((check for check in Check if check.value == (chosen or {}).get("check")), None),
        elsewhere=[entry for entry in entries if entry is not here],
        history=[one for one in examination_history(workbench, model) if (one.backend, one.precision) == way_of(state)],
        environments=found.environments,
        state=addressed(found, state),
    )


@callback(Output(ids.COVERAGE_CHANGES, "children"), *_INPUTS)
def show_changes(*values: Any) -> Component | None:
    """Nothing while one library version alone was examined."""
    workbench = data.workbench()
    found = coverage(workbench)
    if not found.earlier:
        return None
    state = _state(found, values)
    since, until, changes = changes_since(workbench, state.since)
    families = {entry.model_type: entry.family for entry in found.entries}
    return changes_card(
        since,
        until,
        [
            change
            for change in changes
            if (change.backend, change.precision) == way_of(state)
            and (state.family is None or families.get(change.model_type) is state.family)
        ],
        where=way_words(*way_of(state)),
        state=addressed(found, state),
    )


@callback(
    Output(ids.URL, "search", allow_duplicate=True),
    *_INPUTS,
    Input(ids.COVERAGE_CHOSEN, "data"),
    State(ids.URL, "search"),
    prevent_initial_call=True,
)
def write_address(*inputs: Any) -> Any:
    """Left alone while it says the same: a page that was only opened adds nothing to the browser's history."""
    *values, chosen, search = inputs
    found = coverage(data.workbench())
    state = replace(_state(found, values), model=(chosen or {}).get("model"))
    if state == completed(found, read_state(search)):
        return no_update
    return write_state(addressed(found, state))


@callback(
    Output(ids.COVERAGE_FILE, "data"),
    Input(ids.COVERAGE_CSV, "n_clicks"),
    Input(ids.COVERAGE_JSON, "n_clicks"),
    *[State(component, "value") for component in _FILTERS.values()],
    prevent_initial_call=True,
)
def download(csv_clicks: int | None, json_clicks: int | None, *values: Any) -> Any:
    """Exactly the types that pass the filters, below lines that say how they were chosen."""
    if not csv_clicks and not json_clicks:
        return no_update
    found = coverage(data.workbench())
    state = _state(found, values)
    shown = shown_entries(found, state)
    kind = "json" if ctx.triggered_id == ids.COVERAGE_JSON else "csv"
    return coverage_download(found, addressed(found, state), shown, kind=kind, at=datetime.now(UTC))


def _state(found: Coverage, values: Sequence[Any]) -> CoverageState:
    return completed(found, state_of(dict(zip(_FILTERS, values, strict=True))))


def _rows(found: Coverage, state: CoverageState) -> list[dict[str, Any]]:
    return conformance_rows(shown_entries(found, state), found.of_way(way_of(state)))
