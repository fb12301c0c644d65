"""How a tab learns whether it is shown on a phone: figures have a narrow variant."""

from __future__ import annotations

from dash import ClientsideFunction, Input, Output, clientside_callback, dcc, html
from dash.development.base_component import Component

from app import ids


def page_width() -> Component:
    """Part of a tab's layout; the tab's figure callback takes Input(ids.PAGE_IS_NARROW, "data")."""
    return html.Div([dcc.Store(id=ids.PAGE_IS_NARROW)], id=ids.PAGE_WIDTH_KNOWN, hidden=True)


clientside_callback(
    ClientsideFunction(namespace="page_width", function_name="is_narrow"),
    Output(ids.PAGE_IS_NARROW, "data"),
    Input(ids.THEME, "data"),
)
