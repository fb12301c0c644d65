"""Runs that have ended, and runs that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.views.controls import button
from app.views.empty_state import empty_state
from app.views.marks import provenance_mark, run_outcome, status_mark
from app.views.run_words import active_seconds, request_words
from engine.domain.result import Provenance
from engine.domain.run import Run, RunProgress, RunStatus
from engine.formatting import counted, format_count, format_duration, format_eta, format_time, format_time_iso

_RESUMABLE = (RunStatus.INTERRUPTED, RunStatus.CANCELLED, RunStatus.FAILED)


def finished_title(runs: Sequence[Run], total: int) -> str:
    """How many ended, and how many of those listed need a look; `total` counts what the list leaves out too."""
    if not runs:
        return "Finished runs"
    stopped = sum(run.status in _RESUMABLE for run in runs)
    failed = sum(run.status is RunStatus.COMPLETED and run.failed > 0 for run in runs)
    words = [counted(total, "finished run")]
    if len(runs) < total:
        words = [f"The newest {format_count(len(runs))} of {words[0]}"]
    words += [f"{format_count(stopped)} stopped before the end"] if stopped else []
    words += [f"{format_count(failed)} with failures"] if failed else []
    return ", ".join(words)


def finished_runs(runs: Sequence[Run], now: datetime) -> Component:
    """Newest first; `runs` are all of a final status."""
    if not runs:
        return empty_state("No run has ended yet", "Runs stay here with their results, their failures and their log.")
    head = html.Tr(
        [
            html.Th("Run", scope="col"),
            html.Th("Status", scope="col"),
            html.Th("What", scope="col"),
            html.Th("Processes", scope="col"),
            html.Th("Took", scope="col", className="numeric"),
            html.Th("Ended", scope="col", className="numeric"),
            html.Th(html.Span("Actions", className="visually-hidden"), scope="col"),
        ]
    )
    rows = [_row(run, now) for run in runs]
    return html.Table([html.Thead(head), html.Tbody(rows)], className="plain-table finished-table")


def run_queue(waiting: Sequence[RunProgress]) -> list[Component]:
    """Runs that wait for the device, in the order in which they will run."""
    items = [
        html.Li(
            [
                html.Span(str(position), className="queue-position"),
                html.Span(
                    [
                        dcc.Link(f"run {progress.run.number}", href=run_link(progress.run), className="queue-run"),
                        f" {request_words(progress.run.request)}",
                    ],
                    className="queue-what",
                ),
                html.Span(format_eta(progress.remaining_seconds), className="queue-time"),
            ]
        )
        for position, progress in enumerate(waiting, start=1)
    ]
    return [html.Ol(items, className="run-queue")] if items else [html.P("No run is waiting.", className="run-note")]


def queue_title(waiting: Sequence[RunProgress]) -> str:
    if not waiting:
        return "Queue"
    return f"Queue: {counted(len(waiting), 'run')} {'waits' if len(waiting) == 1 else 'wait'} for this machine"


def run_link(run: Run) -> str:
    """Where the cases, failures and log of `run` are shown."""
    return f"/live-runs?run={run.number}"


def _row(run: Run, now: datetime) -> Component:
    return html.Tr(
        [
            html.Td(
                dcc.Link(str(run.number), href=run_link(run), title=f"Show run {run.number}"), className="run-number"
            ),
            html.Td(status_mark(*run_outcome(run))),
            html.Td(_what(run), className="run-what"),
            html.Td(_counts(run), className="run-processes", **_label("Processes")),
            html.Td(format_duration(active_seconds(run)), className="numeric", **_label("Took")),
            html.Td(
                format_time(run.finished_at, now=now),
                title=format_time_iso(run.finished_at),
                className="numeric run-ended",
                **_label("Ended"),
            ),
            html.Td(html.Div(_actions(run), className="run-actions")),
        ]
    )


def _what(run: Run) -> list[Any]:
    words = request_words(run.request)
    return [words] if run.imported_from is None else [provenance_mark(Provenance.IMPORTED), f" {words}"]


def _counts(run: Run) -> list[Component]:
    """Processes, as the database counts them: a case has several; a skipped case counts once."""
    counts = (
        ("completed", run.completed),
        ("failed", run.failed),
        ("skipped", run.skipped),
        ("cancelled", run.cancelled),
    )
    shown = [
        status_mark(status, f"{format_count(count)} {'ok' if status == 'completed' else status}")
        for status, count in counts
        if count
    ]
    waiting = run.total - run.done
    if waiting > 0:
        shown.append(html.Span(f"of {format_count(run.total)}", className="run-note"))
    return shown or [html.Span(f"none of {format_count(run.total)}", className="run-note")]


def _actions(run: Run) -> list[Component]:
    actions: list[Component] = []
    if run.status in _RESUMABLE:
        actions.append(
            button(
                _resume_label(run.total - run.done + run.cancelled),
                id={"type": ids.RESUME_BUTTON, "run": run.run_id},
                kind="link",
            )
        )
    if run.completed:
        actions.append(
            button("Make report", id={"type": ids.REPORT_BUTTON, "run": run.run_id}, kind="link", drawing="reports")
        )
    return actions


def _resume_label(left: int) -> str:
    """`left` is 0 of a run that was not planned yet, or had nothing to do but end."""
    return f"Resume the {counted(left, 'result')} that {'is' if left == 1 else 'are'} left" if left else "Resume"


def _label(text: str) -> dict[str, str]:
    """What a phone writes before the value, where the head of the table is not shown."""
    return {"data-label": text}
