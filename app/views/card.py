"""A surface with a title that answers, its content, and a footnote with the limits of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component


def card(
    title: Any,
    *children: Any,
    subtitle: Any = None,
    footnote: Any = None,
    tools: Sequence[Component] = (),
    id: str | dict[str, str] | None = None,
    class_name: str = "",
) -> Component:
    """A titled section; `tools` stand at the right of the title."""
    head = html.Header(
        [
            html.Div(
                [
                    html.H2(title, className="card-title"),
                    *([html.P(subtitle, className="card-subtitle")] if subtitle is not None else []),
                ],
                className="card-heading",
            ),
            *([html.Div(list(tools), className="card-tools")] if tools else []),
        ],
        className="card-head",
    )
    foot = [html.Footer(footnote, className="card-footnote")] if footnote is not None else []
    named = {"id": id} if id is not None else {}
    return html.Section(
        [head, html.Div(list(children), className="card-content"), *foot],
        className=f"dyno-card {class_name}".strip(),
        **named,
    )
