"""The pages of the Overview: what was measured, which model types work at all, and what the meters are worth."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

_PAGES = (("Results", "/"), ("Coverage", "/coverage"), ("Trust", "/trust"))


def overview_switch(path: str) -> Component:
    """Links, so that back and forward, a middle click and a bookmark work; `path` is the page that is shown."""
    links = [
        dcc.Link(label, href=href, className="overview-switch-link" + (" is-current" if href == path else ""))
        for label, href in _PAGES
    ]
    return html.Nav(links, className="overview-switch", **{"aria-label": "Pages of the Overview"})
