"""What a run is and how far it is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.case_lines import lines_of
from engine.domain.run import Run, RunProgress, RunRequest, RunStatus
from engine.formatting import counted, format_age, format_count, format_duration, format_eta

_SOON_SECONDS = 10
"""Ages below this are not counted out: they would change faster than they can be read."""


def run_sentence(progress: RunProgress) -> str:
    """The answer: how many cases are done and how long it may still take."""
    run = progress.run
    lines = lines_of(progress)
    cases = len(lines)
    closed = sum(line.done == line.executions for line in lines)
    done = f"{format_count(closed)} of {counted(cases, 'case')} done"
    if run.status is RunStatus.INITIALIZING:
        return f"Run {run.number}: planning"
    if run.status is RunStatus.QUEUED:
        return f"Run {run.number}: {counted(cases, 'case')} waiting" if cases else f"Run {run.number} is waiting"
    if run.status is RunStatus.RUNNING:
        left = f", {format_eta(progress.remaining_seconds)} left" if progress.remaining_seconds else ""
        return f"Run {run.number}: {done}{left}"
    if run.status is RunStatus.CANCELLING:
        return f"Run {run.number}: cancelling, {done}"
    measured = sum(line.measured > 0 for line in lines)
    outcome = f"{format_count(measured)} of {counted(cases, 'case')} measured"
    if run.status is RunStatus.COMPLETED:
        took = _took(run)
        return f"Run {run.number}: {outcome}{f' in {took}' if took else ''}"
    if run.status is RunStatus.CANCELLED:
        return f"Run {run.number} was cancelled: {outcome}, all kept"
    if run.status is RunStatus.INTERRUPTED:
        return f"Run {run.number} was interrupted: {outcome}, all kept"
    return f"Run {run.number} could not go on: {outcome}"


def run_subtitle(run: Run, now: datetime) -> str:
    """What it measures, and since when."""
    since = run.started_at or run.created_at
    verb = "started" if run.started_at else "asked for"
    seconds = (now - since).total_seconds()
    age = format_age(since, now) if seconds >= _SOON_SECONDS else "just now"
    return f"{request_words(run.request)} · {verb} {age}"


def request_words(request: RunRequest) -> str:
    """Models or tier, backends, precisions and batch sizes in one line."""
    models = list(request.models)
    what = f"{request.tier} tier" if request.tier and not models else _shortened(models, 5)
    sizes = _shortened([str(size) for size in request.batch_sizes], 8)
    parts = [
        what,
        ", ".join(request.backends),
        ", ".join(request.precisions),
        f"batch {sizes}",
        *([", ".join(request.workloads)] if tuple(request.workloads) != ("inference",) else []),
    ]
    return " · ".join(parts)


def _took(run: Run) -> str:
    if run.started_at is None or run.finished_at is None:
        return ""
    return format_duration((run.finished_at - run.started_at).total_seconds())


def _shortened(words: Sequence[str], most: int) -> str:
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
