"""Copies the address of exactly this view."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from app.views.icon import icon


def share_button() -> Component:
    """All filters live in the address, so the address is the view."""
    return html.Button(
        [icon("link"), html.Span("Share view")],
        type="button",
        className="dyno-button dyno-button-quiet share-button",
        title="Copy the address of this view",
        **{"data-copy-address": "true"},
    )
