"""The drawings of assets/icons in the colour of the text around them."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component


def icon(name: str, label: str | None = None) -> Component:
    """The drawing `name`; decoration unless `label` says what it means."""
    if label is None:
        return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})
    return html.Span(className=f"icon icon-{name}", role="img", title=label, **{"aria-label": label})
