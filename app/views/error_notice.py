"""What failed, why, and what can be done about it, where it happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.views.icon import icon

LOG_LINES = 20
"""Newest lines of a log that a notice shows."""


def error_notice(
    title: str, reason: Any, *, detail: Any = None, log: str = "", actions: Sequence[Component] = ()
) -> Component:
    """`reason` is one line; `detail` says what goes on regardless; the end of `log` unfolds."""
    lines = log.rstrip().splitlines()[-LOG_LINES:]
    shown = html.Details(
        [
            html.Summary(f"Show the last {len(lines)} log lines" if len(lines) > 1 else "Show the log line"),
            html.Pre("\n".join(lines), className="log"),
        ],
        className="error-notice-log",
    )
    body = [
        html.H2(title, className="error-notice-title"),
        html.P(reason, className="error-notice-reason"),
        *([html.P(detail, className="error-notice-detail")] if detail is not None else []),
        *([shown] if lines else []),
        *([html.Div(list(actions), className="action-row")] if actions else []),
    ]
    return html.Div(
        [icon("status-failed"), html.Div(body, className="error-notice-body")],
        className="error-notice",
        role="alert",
    )
