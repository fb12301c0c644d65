"""One run as it goes: how far, how long still, each case around the running one, and the newest log lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.case_lines import STATES, CaseLine, count_states, failed_lines, lines_of, shares
from app.views.case_table import AROUND, case_table
from app.views.empty_state import empty_state
from app.views.marks import status_drawing, status_mark
from app.views.pair_list import pairs_of
from engine.domain.calibration import MachineNoise
from engine.domain.result import ResultStatus
from engine.domain.run import RunProgress, RunStatus
from engine.domain.summary import PairedCase
from engine.formatting import counted, format_count, format_duration, format_share, format_time, format_time_iso

LOG_LINES = 10


def run_body(
    progress: RunProgress,
    now: datetime,
    *,
    rows: str = "around",
    machine: Component | None = None,
    verdicts: Sequence[PairedCase] = (),
    noise: MachineNoise | None = None,
) -> Any:
    """`rows`: around (the running case), all, or failed; `verdicts` are those of a run in pairs that has ended."""
    lines = lines_of(progress)
    if not lines:
        return _before_cases(progress)
    return [
        _bar(lines),
        html.Div(
            [html.Div(_counts(lines), className="run-counts"), _end(progress, now)],
            className="run-counts-row",
        ),
        *pairs_of(progress, verdicts, noise),
        html.Div(
            [
                html.Div(
                    case_table(lines, rows),
                    className="run-cases has-more" if len(lines) > AROUND or failed_lines(lines) else "run-cases",
                ),
                html.Div(
                    [*([machine] if machine is not None else []), run_log(progress)],
                    className="run-side",
                ),
            ],
            className="run-columns",
        ),
    ]


def run_log(progress: RunProgress) -> Component:
    """Newest lines last."""
    lines = progress.log[-LOG_LINES:]
    nothing = (
        "Kept only while the program that carried the run is up." if progress.run.status.is_final else "Nothing yet."
    )
    text = "\n".join(lines) if lines else nothing
    return html.Div(
        [
            html.H3(["Log", html.Span(" · newest last", className="run-log-note")], className="run-side-title"),
            html.Pre(text, className="log run-log"),
        ]
    )


def no_run() -> Component:
    """Where the first run will be."""
    return empty_state(
        "No run yet",
        "Choose models in the form and press Start. The first result of a small model is there within seconds, "
        "and every result appears here as it is measured.",
    )


def _before_cases(progress: RunProgress) -> list[Any]:
    step = progress.current_step or "Waiting for its turn."
    return [
        html.Div(html.Div(className="run-bar-part run-bar-queued"), className="run-bar"),
        html.P([step, f" · {format_duration(progress.elapsed_seconds)}"], className="run-note"),
        run_log(progress),
    ]


def _bar(lines: Sequence[CaseLine]) -> Component:
    parts = [
        html.Div(
            className=f"run-bar-part run-bar-{status_drawing(state)}",
            style={"flexGrow": round(share, 5)},
            title=f"{state}: {format_share(share)}",
        )
        for state, share in shares(lines)
    ]
    closed = sum(line.done == line.executions for line in lines)
    return html.Div(
        parts,
        className="run-bar",
        role="img",
        **{"aria-label": f"{format_count(closed)} of {counted(len(lines), 'case')} done"},
    )


def _counts(lines: Sequence[CaseLine]) -> list[Component]:
    counts: Counter[str] = count_states(lines)
    return [
        status_mark(state, f"{format_count(counts[state])} {'ok' if state == ResultStatus.COMPLETED else state}")
        for state in STATES
        if counts[state]
    ]


def _end(progress: RunProgress, now: datetime) -> Component:
    run = progress.run
    if run.status.is_final:
        return html.Span(
            f"ended {format_time(run.finished_at, now=now)}" if run.finished_at else "",
            className="run-end",
            title=format_time_iso(run.finished_at),
        )
    if progress.remaining_seconds is None:
        return html.Span("how long is not known yet" if run.status is RunStatus.RUNNING else "", className="run-end")
    low, high = ((now + timedelta(seconds=second)).astimezone() for second in progress.remaining_seconds)
    pattern = "%H:%M:%S" if progress.remaining_seconds[1] < 120 else "%H:%M"
    first, last = f"{low:{pattern}}", f"{high:{pattern}}"
    if first == last:
        return html.Span(["ends about ", html.B(first)], className="run-end")
    return html.Span(["ends between ", html.B(first), " and ", html.B(last)], className="run-end")
