"""A figure with its answer as title, its table behind a button, and its picture and data to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from app.views.card import card
from app.views.icon import icon


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartTable:
    """The same content as a chart, in rows of text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = field(default_factory=frozenset)
    """Positions of columns to align at the right."""


def chart_card(
    title: str,
    figure: go.Figure,
    table: ChartTable,
    *,
    graph_id: str | dict[str, str],
    name: str,
    subtitle: Any = None,
    footnote: Any = None,
    tools: Sequence[Component] = (),
    class_name: str = "",
) -> Component:
    """`name` is the stem of downloaded files. Switching to the table and downloading happen in the browser."""
    buttons = [
        _tool("table", "Show as table", "table"),
        _tool("download", "Download the picture (PNG)", "png"),
        _tool("columns", "Download the data (CSV)", "csv"),
    ]
    graph = dcc.Graph(
        id=graph_id,
        figure=figure,
        config={"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": "reset"},
        responsive=True,
        className="chart",
        style={"height": f"{figure.layout.height or 260}px"},
    )
    return card(
        title,
        html.Div(graph, className="chart-card-figure", role="img", **{"aria-label": title}),
        html.Div(chart_table(table), className="chart-card-table"),
        subtitle=subtitle,
        footnote=footnote,
        tools=[*tools, html.Div(buttons, className="chart-tools", **{"data-chart-name": name})],
        class_name=f"chart-card {class_name}".strip(),
    )


def chart_table(table: ChartTable) -> Component:
    """A plain table, readable without a grid."""
    head = [html.Th(text, scope="col", className=_align(table, at)) for at, text in enumerate(table.columns)]
    rows = [html.Tr([html.Td(text, className=_align(table, at)) for at, text in enumerate(row)]) for row in table.rows]
    return html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="plain-table")


def _align(table: ChartTable, at: int) -> str:
    return "numeric" if at in table.numeric else ""


def _tool(drawing: str, label: str, action: str) -> Component:
    return html.Button(
        icon(drawing),
        className="icon-button",
        title=label,
        type="button",
        **{"aria-label": label, "data-chart-action": action},
    )
