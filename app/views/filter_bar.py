"""The row of chips that narrows a tab; on a phone all but the first fold into one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.views.icon import icon


def filter_chip(
    name: str,
    id: str,
    options: Sequence[Any],
    value: Any,
    *,
    multi: bool = False,
    placeholder: str = "all",
    clearable: bool = True,
    searchable: bool = False,
) -> Component:
    """Name and **value** with a menu; nothing chosen reads as `placeholder`."""
    chosen = value not in (None, [], "")
    offered = list(options)
    if chosen and not multi and value not in [o["value"] if isinstance(o, dict) else o for o in offered]:
        offered.append(value)  # an address may name what was never measured: the page then says so
    return html.Div(
        [
            html.Label(name, htmlFor=id, className="filter-chip-name"),
            dcc.Dropdown(
                id=id,
                options=offered,
                value=value,
                multi=multi,
                placeholder=placeholder,
                clearable=clearable,
                searchable=searchable,
                className="filter-chip-menu",
            ),
        ],
        className="filter-chip filter-chip-chosen" if chosen and clearable else "filter-chip",
    )


def filter_bar(
    first: Sequence[Component],
    rest: Sequence[Component] = (),
    *,
    count: Any = None,
    tools: Sequence[Component] = (),
    active: int = 0,
) -> Component:
    """`first` stays visible on a phone; `active` filters of `rest` are counted on the button that opens them."""
    label = [icon("filters"), html.Span("Filters"), *([html.B(str(active))] if active else [])]
    sheet = [
        html.Button(label, type="button", className="filter-sheet-button", **{"data-toggle-parent": "is-open"}),
        html.Div(list(rest), className="filter-sheet"),
    ]
    return html.Div(
        [
            *(sheet if rest else []),
            html.Div(list(first), className="filter-first"),
            html.Div(
                [*([html.Span(count, className="filter-count")] if count is not None else []), *tools],
                className="filter-end",
            ),
        ],
        className="filter-bar",
        role="search",
        **{"aria-label": "Filters"},
    )
