"""AG Grid in our type, lines and colours: components.css sets its theme variables for `.data-grid`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
from dash.development.base_component import Component

ROW_HEIGHT = 28
HEADER_HEIGHT = 30


def data_grid(
    id: str | dict[str, str],
    columns: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    *,
    height: int | None = None,
    row_id: str | None = None,
    remember: bool = True,
    row_height: int = ROW_HEIGHT,
    class_name: str = "",
    options: dict[str, Any] | None = None,
    **properties: Any,
) -> Component:
    """Sorts, filters and resizes; with `remember` the browser keeps columns and filters.

    `height` in pixels scrolls inside; without it the grid is as tall as its rows. `row_id` names the column that
    identifies a row.
    """
    grid_options: dict[str, Any] = {
        "rowHeight": row_height,
        "headerHeight": HEADER_HEIGHT,
        "animateRows": False,
        "suppressCellFocus": False,
        "tooltipShowDelay": 300,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressDragLeaveHidesColumns": True,  # a column dragged out would be gone with nothing to bring it back
        **({} if height else {"domLayout": "autoHeight"}),
        **(options or {}),
    }
    kept = {"persistence": True, "persisted_props": ["columnState", "filterModel"]} if remember else {}
    return dag.AgGrid(
        id=id,
        columnDefs=list(columns),
        rowData=list(rows),
        defaultColDef={"sortable": True, "resizable": True, "filter": True, "minWidth": 70, "suppressMovable": False},
        dashGridOptions=grid_options,
        className=f"data-grid {class_name}".strip(),
        style={"height": f"{height}px" if height else None},
        **({"getRowId": f"params.data.{row_id}"} if row_id else {}),
        **kept,
        **properties,
    )
