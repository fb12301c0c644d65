"""The grid of the Coverage page in its card, and what stands in its place while there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app import ids
from app.views.card import card
from app.views.conformance_grid import FAMILY_ROW_HEIGHT, conformance_columns, grid_height
from app.views.controls import button, copy_button
from app.views.data_grid import ROW_HEIGHT, data_grid
from app.views.empty_state import empty_state
from engine.reports.coverage_words import conformance_command


def conformance_card(rows: Sequence[dict[str, Any]], *, chosen: str | None) -> Component:
    """The grid with its downloads and legend; the row of the type `chosen` is in view and selected."""
    grid = data_grid(
        ids.COVERAGE_GRID,
        conformance_columns(narrow=False, has_panel=chosen is not None),
        rows,
        height=grid_height(rows),
        row_id="id",
        remember=False,
        class_name="conformance-grid",
        options={
            "isFullWidthRow": {"function": "params.rowNode.data.is_family"},
            "fullWidthCellRenderer": "FamilyRow",
            "getRowHeight": {"function": f"params.data.is_family ? {FAMILY_ROW_HEIGHT} : {ROW_HEIGHT}"},
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": False},
            "localeText": {"noRowsToShow": "No model type passes these filters."},
        },
        selectedRows={"ids": [chosen]} if chosen else [],
        scrollTo={"rowId": chosen, "rowPosition": "middle"} if chosen else None,
    )
    return card(
        "Model types by family",
        grid,
        subtitle="One column per check, in the order of trying; choose a cell for its reason and traceback",
        tools=[
            button("CSV", id=ids.COVERAGE_CSV, drawing="download"),
            button("JSON", id=ids.COVERAGE_JSON, drawing="download"),
        ],
        footnote=html.Div(id=ids.COVERAGE_LEGEND),
        class_name="conformance-card",
    )


def nothing_examined() -> Component:
    """In place of the page while no examination is stored."""
    command = conformance_command(())
    return empty_state(
        "No model type was examined yet",
        [
            "An examination builds every model type of the installed library tiny, runs it forward with all its "
            "modalities, and checks that its outputs are finite and repeatable, that batches and saving work, and that "
            "it generates. It takes a while, a few seconds for each type; stop this server first, for it owns the "
            "database. ",
            html.Code(conformance_command(["bert"])),
            " examines one type within seconds.",
        ],
        html.Pre(command, className="code"),
        copy_button(command, "Copy command", kind="primary"),
    )
