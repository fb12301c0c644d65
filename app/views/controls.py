"""Buttons, links that look like buttons, segmented switches and things to copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.views.icon import icon


def button(
    label: str, *, id: str | dict[str, str] | None = None, kind: str = "", drawing: str | None = None, **properties: Any
) -> Component:
    """`kind` is primary, danger, quiet or nothing for an outlined button."""
    content = [*([icon(drawing)] if drawing else []), html.Span(label)]
    named = {"id": id} if id is not None else {}
    return html.Button(content, type="button", className=_class(kind), n_clicks=0, **named, **properties)


def link_button(label: str, href: str, *, kind: str = "", drawing: str | None = None) -> Component:
    """Goes to another place of the dashboard."""
    return dcc.Link([*([icon(drawing)] if drawing else []), html.Span(label)], href=href, className=_class(kind))


def icon_button(drawing: str, label: str, *, id: str | dict[str, str] | None = None, **properties: Any) -> Component:
    named = {"id": id} if id is not None else {}
    return html.Button(
        icon(drawing),
        type="button",
        className="icon-button",
        title=label,
        n_clicks=0,
        **{"aria-label": label},
        **named,
        **properties,
    )


def copy_button(text: str, label: str = "Copy", *, kind: str = "") -> Component:
    """Puts `text` on the clipboard and says so; works without a callback."""
    return html.Button(
        [icon("copy"), html.Span(label)],
        type="button",
        className=_class(kind),
        **{"data-copy": text, "aria-live": "polite"},
    )


def segmented(id: str | dict[str, str], options: Sequence[tuple[str, str]], value: str, label: str) -> Component:
    """One choice of a few, all visible: `options` are (value, label)."""
    return html.Div(
        dcc.RadioItems(
            id=id,
            options=[{"value": option, "label": text} for option, text in options],
            value=value,
            inline=True,
            className="segmented",
        ),
        role="radiogroup",
        className="segmented-frame",
        **{"aria-label": label},
    )


def _class(kind: str) -> str:
    return f"dyno-button dyno-button-{kind}" if kind else "dyno-button"
