"""One key figure: value, unit, interval, source, and a verdict only where there is a baseline."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from app.views.marks import provenance_mark
from engine.domain.result import Provenance
from engine.formatting import FigureText


def kpi_tile(
    label: str,
    figure: FigureText,
    *,
    provenance: Provenance = Provenance.MEASURED,
    note: Any = None,
    verdict: Component | None = None,
    badge: Component | None = None,
    sparkline: Component | None = None,
    title: str | None = None,
) -> Component:
    """`note` stands where a verdict would when there is none, `badge` below it; `title` is the metric's definition, on
    hover."""
    last = verdict if verdict is not None else html.Span(note, className="kpi-note") if note is not None else None
    spread = figure.interval or figure.n
    return html.Div(
        [
            html.Div([html.Span(label, className="kpi-label"), provenance_mark(provenance)], className="kpi-head"),
            html.Div(
                [
                    html.Span(figure.value, className="kpi-value"),
                    html.Span(figure.unit, className="kpi-unit"),
                    html.Span(spread, className="kpi-interval"),
                ],
                className="kpi-figure",
            ),
            html.Div([part for part in (last, sparkline) if part is not None], className="kpi-foot"),
            *([html.Div(badge, className="kpi-badge")] if badge is not None else []),
        ],
        className="kpi-tile",
        **({"title": title} if title else {}),
    )
