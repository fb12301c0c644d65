"""What a run is and how far it is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.case_lines import CaseLine, failed_lines, lines_of
from engine.domain.budget import budget_text
from engine.domain.run import Protocol, Run, RunProgress, RunRequest, RunStatus
from engine.formatting import counted, format_age, format_count, format_duration, format_eta, format_time

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
    if run.imported_from is not None:
        return f"Run {run.number}: {counted(run.completed, 'result')} imported from {run.imported_from}"
    if run.status is RunStatus.COMPLETED:
        took = active_seconds(run)
        return f"Run {run.number}: {_outcome(lines, took='' if took is None else f' in {format_duration(took)}')}"
    if run.status is RunStatus.CANCELLED:
        return f"Run {run.number} was cancelled: {_outcome(lines, kept=', all kept')}"
    if run.status is RunStatus.INTERRUPTED:
        return f"Run {run.number} was interrupted: {_outcome(lines, kept=', all kept')}"
    return f"Run {run.number} could not go on: {_outcome(lines)}"


def run_subtitle(run: Run, now: datetime) -> str:
    """What it measures, and since when: an age while it is under way, a time that stays true once it has ended."""
    if run.imported_from is not None:
        return f"{request_words(run.request)} · imported {format_time(run.finished_at, now=now)}"
    since = run.started_at or run.created_at
    verb = "started" if run.started_at else "asked for"
    return f"{request_words(run.request)} · {verb} {_since(since, now, has_ended=run.status.is_final)}"


def request_words(request: RunRequest) -> str:
    """Title, models or tier, backends, precisions and batch sizes in one line, with whatever else is not as usual."""
    models = list(request.models)
    what = f"{request.tier} tier" if request.tier and not models else _shortened(models, 5)
    sizes = _shortened([str(size) for size in request.batch_sizes], 8)
    parts = [
        *([request.title] if request.title else []),
        what,
        ", ".join(request.backends),
        ", ".join(request.precisions),
        f"batch {sizes}",
        *([", ".join(request.workloads)] if tuple(request.workloads) != ("inference",) else []),
        *([f"sequence length {request.sequence_length}"] if request.sequence_length is not None else []),
        *([counted(request.threads, "thread")] if request.threads is not None else []),
        *([f"{request.new_tokens} new tokens"] if request.new_tokens is not None else []),
        *([counted(request.workers, "worker")] if request.workers is not None else []),
        *(["compiled"] if request.compiled else []),
        *([f"budget {budget_text(request.budget_seconds)}"] if request.budget_seconds is not None else []),
        *([f"attention {request.attention}"] if request.attention is not None else []),
        *([f"in pairs against {request.against.text}"] if request.against is not None else []),
        *([f"weights of {request.checkpoint}"] if request.checkpoint is not None else []),
        *(["cold"] if request.cold else []),
        *(["pinned"] if request.protocol.pinned else []),
        *(["side by side"] if request.protocol.side_by_side else []),
        *([_repetitions(request)] if request.protocol.processes != Protocol().processes else []),
    ]
    return " · ".join(parts)


def _repetitions(request: RunRequest) -> str:
    processes = request.protocol.processes
    return counted(processes, "process", "processes") if request.against is None else counted(processes, "pair")


def active_seconds(run: Run) -> float | None:
    """How long an ended run was carried out; of one stored without that, from its start to its end."""
    if run.active_seconds is not None or run.started_at is None or run.finished_at is None:
        return run.active_seconds
    return (run.finished_at - run.started_at).total_seconds()


def _outcome(lines: Sequence[CaseLine], *, took: str = "", kept: str = "") -> str:
    """How many cases were measured, followed by `kept` when any was, and how many failed.

    Where some have fewer processes than planned, the results are counted too: a case with one of five is not done.
    """
    measured = sum(line.measured > 0 for line in lines)
    failed = failed_lines(lines)
    partly = sum(line.measured > 0 for line in failed)
    of_all = f"of {counted(len(lines), 'case')}"
    if failed and not measured:
        return f"{format_count(len(failed))} {of_all} failed{took}"
    what = f"{format_count(measured)} {of_all} measured"
    if any(line.is_cut_short for line in lines):
        results, planned = sum(line.measured for line in lines), sum(line.executions for line in lines)
        what = f"{format_count(results)} of {counted(planned, 'result')} measured, in {format_count(measured)} {of_all}"
    words = [f"{what}{took}{kept if measured else ''}"]
    if len(failed) > partly:
        words.append(f"{format_count(len(failed) - partly)} failed")
    if partly:
        words.append(f"{format_count(partly)} failed in part")
    return ", ".join(words)


def _since(at: datetime, now: datetime, *, has_ended: bool) -> str:
    if has_ended:
        return format_time(at, now=now)
    return format_age(at, now) if (now - at).total_seconds() >= _SOON_SECONDS else "just now"


def _shortened(words: Sequence[str], most: int) -> str:
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
