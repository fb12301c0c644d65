"""What is missing, and what would fill it."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component


def empty_state(title: str, detail: Any, *actions: Component) -> Component:
    """In place of content that does not exist yet: never a blank axis."""
    return html.Div(
        [
            html.H2(title, className="empty-state-title"),
            html.P(detail, className="empty-state-detail"),
            *([html.Div(list(actions), className="action-row")] if actions else []),
        ],
        className="empty-state",
        **{"data-empty-state": "true"},
    )
