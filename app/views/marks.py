"""Status, verdict, provenance and backend: always a word and a drawing, never colour alone."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from app.views.icon import icon
from engine.domain.result import Provenance, ResultStatus
from engine.domain.run import Run, RunStatus
from engine.domain.summary import Verdict
from engine.figures import tokens

_STATUS_DRAWINGS = {
    RunStatus.INITIALIZING.value: "queued",
    RunStatus.QUEUED.value: "queued",
    RunStatus.RUNNING.value: "running",
    RunStatus.CANCELLING.value: "cancelled",
    RunStatus.COMPLETED.value: "ok",
    RunStatus.FAILED.value: "failed",
    RunStatus.CANCELLED.value: "cancelled",
    RunStatus.INTERRUPTED.value: "interrupted",
    ResultStatus.SKIPPED.value: "skipped",
    "ok": "ok",
    "not run": "queued",
}
"""Every status of runs, results and cases -> one of the seven drawings."""


def status_drawing(status: str) -> str:
    """queued, running, ok, failed, skipped, cancelled or interrupted."""
    return _STATUS_DRAWINGS[str(status)]


def status_mark(status: str, label: str | None = None) -> Component:
    """`label` defaults to the status itself; completed reads "ok"."""
    drawing = status_drawing(status)
    word = label if label is not None else ("ok" if drawing == "ok" else str(status))
    return html.Span([icon(f"status-{drawing}"), html.Span(word)], className=f"mark status-{drawing}")


def run_outcome(run: Run) -> tuple[str, str]:
    """The status whose drawing a run has, and its word: one that came to its end is as good as its results."""
    if run.status is not RunStatus.COMPLETED:
        return run.status.value, run.status.value
    if run.failed:
        return RunStatus.FAILED.value, "partly failed" if run.completed else "failed"
    if run.skipped and not run.completed:
        return ResultStatus.SKIPPED.value, ResultStatus.SKIPPED.value
    return RunStatus.COMPLETED.value, "ok"


def provenance_mark(provenance: Provenance | str, *, label: bool = True) -> Component:
    """Where a number comes from; without `label` the word is left to hovering and to screen readers."""
    name = Provenance(provenance).value
    if not label:
        return html.Span(icon(f"provenance-{name}", name), className=f"mark provenance-{name}")
    return html.Span([icon(f"provenance-{name}"), html.Span(name)], className=f"mark provenance-{name}")


def verdict_mark(verdict: Verdict | str, text: str, *, filled: bool = False) -> Component:
    """`text` is the verdict in words (engine.verdict_words.format_comparison); `filled` gives it its soft ground."""
    name = Verdict(verdict).value
    ground = " mark-filled" if filled else ""
    return html.Span([icon(f"verdict-{name}"), html.Span(text)], className=f"mark verdict verdict-{name}{ground}")


def backend_mark(backend: str) -> Component:
    """The backend's own marker and colour beside its name in ink."""
    slot = tokens.backend_slot(backend)
    swatch = html.Span(icon(f"marker-{tokens.backend_marker(backend)}"), className=f"swatch slot-{slot + 1}")
    return html.Span([swatch, html.Span(backend)], className="mark backend-mark")
