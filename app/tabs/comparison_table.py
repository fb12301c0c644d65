"""The table of Comparison: every case that passes the filters, its columns, and its download."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component

from app import data, ids
from app.tabs.comparison_filters import FILTERS, INPUTS, in_table, state_from
from app.url_state import write_state
from app.views.card import card
from app.views.controls import button
from app.views.data_grid import data_grid
from app.views.results_grid import COLUMNS, NARROW, USUAL, csv_text, grid_columns, grid_rows, scales
from engine import __version__
from engine.domain.summary import CaseSummary
from engine.figures.wording import way_options
from engine.formatting import format_time_iso

_GRID_HEIGHT = 430


def table_card(shown: Sequence[CaseSummary]) -> Component:
    units = scales(shown)
    picker = html.Details(
        [
            html.Summary("Columns", className="dyno-button"),
            dcc.Checklist(
                id=ids.COMPARISON_COLUMNS,
                options=[{"value": name, "label": title} for name, title in COLUMNS.items() if name != "model"],
                value=[name for name in USUAL if name != "model"],
                persistence=True,
                persistence_type="local",
                className="column-list",
            ),
        ],
        className="column-picker only-wide",
    )
    grid = data_grid(
        ids.COMPARISON_GRID,
        # What the browser remembers of the table needs its content at once.
        grid_columns(units, USUAL, with_options=_has_options(shown)),
        grid_rows(shown, units),
        height=_GRID_HEIGHT,
        row_id="case_id",
        options={
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "localeText": {"noRowsToShow": "No case passes these filters."},
        },
    )
    return card(
        "All cases",
        grid,
        subtitle="Sort and filter by any column; choose a row to see why",
        tools=[picker, button("Download CSV", id=ids.COMPARISON_CSV_BUTTON, drawing="download")],
        footnote="Medians over processes; hover a figure for its interval. The download is exactly this view.",
    )


@callback(
    Output(ids.COMPARISON_GRID, "columnDefs"),
    Output(ids.COMPARISON_GRID, "rowData"),
    *INPUTS,
    Input(ids.COMPARISON_COLUMNS, "value"),
    Input(ids.PAGE_IS_NARROW, "data"),
    Input(ids.COMPARISON_RELOAD, "n_clicks"),
)
def fill_table(*inputs: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every case that passes the filters, in the columns that are chosen."""
    *values, chosen, narrow, _ = inputs
    state = state_from(values)
    shown = in_table(data.shown_summaries(state.machine), state)
    units = scales(shown)
    columns = grid_columns(units, NARROW if narrow else chosen or USUAL, with_options=_has_options(shown))
    return columns, grid_rows(shown, units)


clientside_callback(
    ClientsideFunction(namespace="data_grid", function_name="hidden_as_defined"),
    Output(ids.COMPARISON_GRID, "columnState"),
    Input(ids.COMPARISON_GRID, "columnDefs"),
    Input(ids.COMPARISON_GRID, "columnState"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.COMPARISON_CSV, "data"),
    Input(ids.COMPARISON_CSV_BUTTON, "n_clicks"),
    State(ids.COMPARISON_GRID, "virtualRowData"),
    State(ids.COMPARISON_GRID, "filterModel"),
    State(ids.COMPARISON_GRID, "columnState"),
    State(ids.COMPARISON_COLUMNS, "value"),
    *[State(component, "value") for component in FILTERS.values()],
    prevent_initial_call=True,
)
def download_csv(clicks: int | None, *states: Any) -> Any:
    """Exactly the rows, order and columns of the table, below lines that say how they were chosen."""
    if not clicks:
        return no_update
    rows, filters, columns, chosen, *values = states
    now = datetime.now(UTC)
    shown = _shown_columns(columns, chosen)
    state = state_from(values)
    text = csv_text(
        rows or [],
        shown,
        [
            f"ModelDyno {__version__}, made {format_time_iso(now)}",
            f"filters of the page: {write_state(state).lstrip('?') or 'none'}",
            f"filters of the table: {json.dumps(filters) if filters else 'none'}",
            f"{len(rows or [])} cases; medians over processes with their 95 % interval (range for memory)",
        ],
    )
    return {"content": text, "filename": f"modeldyno-results-{now:%Y%m%d-%H%M}.csv", "type": "text/csv"}


def _has_options(shown: Sequence[CaseSummary]) -> bool:
    return any(way_options(summary.case) for summary in shown)


def _shown_columns(state: list[dict[str, Any]] | None, chosen: list[str] | None) -> list[str]:
    """In the order in which the table shows them now."""
    if state:
        return [column["colId"] for column in state if not column.get("hide") and column["colId"] in COLUMNS]
    return [name for name in COLUMNS if name == "model" or name in (chosen or USUAL)]
