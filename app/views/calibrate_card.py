"""Starting a calibration, and how far one under way has come."""

from __future__ import annotations

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from app import ids
from app.views.card import card
from app.views.controls import button, segmented
from engine.domain.calibration import CalibrationProgress
from engine.formatting import format_count, format_eta, format_share
from engine.workflows.calibrate import GROUPS, QUICK_GROUPS, THOROUGH_GROUPS

FULL, QUICK, THOROUGH = "full", "quick", "thorough"
TRIALS: Mapping[str, int] = {FULL: GROUPS, QUICK: QUICK_GROUPS, THOROUGH: THOROUGH_GROUPS}
"""Of verdicts, by what is chosen."""


def calibrate_card(progress: CalibrationProgress | None, *, is_cancelling: bool) -> Component:
    """Both buttons are always there, so that focus stays; the one that makes no sense now is hidden."""
    is_running = progress is not None
    return card(
        "Calibrate this machine",
        segmented(
            ids.TRUST_MODE,
            [(QUICK, "Quick"), (FULL, "Full"), (THOROUGH, "Thorough")],
            FULL,
            "How many trials of verdicts are made",
        ),
        html.Div(
            progress_parts(progress, is_cancelling=is_cancelling), id=ids.TRUST_PROGRESS, className="trust-progress"
        ),
        html.Div(
            [
                button("Calibrate now", id=ids.TRUST_START, kind="primary", drawing="play", hidden=is_running),
                button("Cancel", id=ids.TRUST_CANCEL, drawing="status-cancelled", hidden=not is_running),
            ],
            className="action-row",
        ),
        html.Div(id=ids.TRUST_MESSAGE),
        footnote="Full takes some minutes, quick a fifth of that, thorough four times as long. Known work runs in "
        "processes of its own; measurements that are asked for meanwhile wait.",
    )


def progress_parts(progress: CalibrationProgress | None, *, is_cancelling: bool = False) -> list[Component]:
    """Empty while nothing is under way."""
    if progress is None:
        return []
    left = f", {format_eta(progress.remaining_seconds)} left" if progress.remaining_seconds else ""
    counts = (
        f"{format_count(progress.done)} of {format_count(progress.total)} processes{left}" if progress.total else ""
    )
    step = "Cancelling" if is_cancelling else progress.step
    return [
        html.Div(
            html.Div(style={"width": f"{progress.fraction * 100:.1f}%"}),
            className="trust-bar",
            role="progressbar",
            **{"aria-label": f"{step}: {format_share(progress.fraction)}"},
        ),
        html.P(
            [html.Span(step), html.Span(counts if progress.total else None, className="trust-counts")],
            className="trust-step",
        ),
    ]
