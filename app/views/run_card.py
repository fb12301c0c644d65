"""One run as it goes: how far, how long still, each case around the running one, and the newest log lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from app.case_lines import (
    NOT_RUN,
    QUEUED,
    RUNNING,
    STATES,
    CaseLine,
    around_running,
    case_lines,
    count_states,
    shares,
)
from app.views.controls import link_button
from app.views.empty_state import empty_state
from app.views.error_notice import error_notice
from app.views.icon import icon
from app.views.marks import status_drawing, status_mark
from engine.domain.case import Case
from engine.domain.measurement import Estimate, Metric
from engine.domain.result import Failure, FailureKind, Result, ResultStatus
from engine.domain.run import Run, RunProgress, RunRequest, RunStatus
from engine.formatting import (
    MISSING,
    THIN_SPACE,
    Scale,
    counted,
    format_age,
    format_count,
    format_duration,
    format_estimate,
    format_eta,
    format_share,
    format_time_iso,
    scale_for,
)

AROUND = 14
"""Lines shown at once unless all are asked for."""
LOG_LINES = 10
_SOON_SECONDS = 10
"""Ages below this are not counted out: they would change faster than they can be read."""
_NOTICES = 8
_NO_ANSWER_PERCENT = 100
"""A half-width of the value itself or more: the figure is only an order of magnitude."""
"""Failures spelled out below the table; the rest are counted."""


def run_sentence(progress: RunProgress) -> str:
    """The answer: how many cases are done and how long it may still take."""
    run = progress.run
    lines = _lines(progress)
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


def run_body(progress: RunProgress, now: datetime, *, rows: str = "around", machine: Component | None = None) -> Any:
    """`rows`: around (the running case), all, or failed."""
    lines = _lines(progress)
    if not lines:
        return _before_cases(progress)
    return [
        _bar(lines),
        html.Div(
            [html.Div(_counts(lines), className="run-counts"), _end(progress, now)],
            className="run-counts-row",
        ),
        html.Div(
            [
                html.Div(
                    case_table(lines, rows),
                    className="run-cases has-more" if len(lines) > AROUND or _failed(lines) else "run-cases",
                ),
                html.Div(
                    [*([machine] if machine is not None else []), run_log(progress)],
                    className="run-side",
                ),
            ],
            className="run-columns",
        ),
    ]


def case_table(lines: Sequence[CaseLine], rows: str) -> list[Any]:
    """The table and the sentence that says what it leaves out."""
    failed = _failed(lines)
    shown: Sequence[CaseLine] = (
        failed if rows == "failed" else lines if rows == "all" else around_running(lines, AROUND)
    )
    rates = [line.throughput.value for line in lines if line.throughput is not None]
    scale = scale_for(rates, Metric.THROUGHPUT)
    head = html.Tr(
        [
            html.Th("Status", scope="col"),
            html.Th("Case", scope="col"),
            html.Th(f"Throughput, {scale.unit}", scope="col", className="numeric"),
            html.Th("Elapsed", scope="col", className="numeric"),
            html.Th("Interval, progress or reason", scope="col"),
        ]
    )
    body = [_row(line, scale) for line in shown]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="plain-table case-table")
    if not shown:
        table = html.P("No case failed.", className="run-note")
    counted_words = f"Showing {format_count(len(shown))} of {counted(len(lines), 'case')}"
    running = any(line.state in (RUNNING, QUEUED) for line in lines)
    partly = rows == "around" and running and len(shown) < len(lines)
    note = f"{counted_words} around the running one" if partly else counted_words
    return [html.Div(table, className="case-table-frame"), html.P(note, className="run-note")]


def form_address(cases: Sequence[Case]) -> str:
    """The start form, filled in with what these cases have between them."""
    lists = {
        "models": [case.model_type for case in cases],
        "backends": [case.backend for case in cases],
        "precisions": [case.precision.value for case in cases],
        "batch_sizes": [str(case.batch_size) for case in cases],
        "workloads": [case.workload.value for case in cases],
    }
    fields = {name: ",".join(dict.fromkeys(values)) for name, values in lists.items()}
    return f"/live-runs?{urlencode({**fields, 'size': cases[0].size}, safe=',')}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Quietness:
    """How often other work disturbed a run's measurements."""

    results: int = 0
    noisy: int = 0
    worst: float = 0.0
    """Largest share of the CPU that went to others during a noisy result, 0..1."""


def quietness_of(results: Sequence[Result]) -> Quietness:
    states = [result.machine for result in results if result.machine is not None]
    noisy = [state for state in states if state.is_noisy]
    shares_of_others = [max(state.cpu_busy_others or 0.0, state.cpu_steal or 0.0) for state in noisy]
    return Quietness(results=len(states), noisy=len(noisy), worst=max(shares_of_others, default=0.0))


def machine_note(found: Quietness) -> Component:
    """Whether the machine was quiet enough while this run's results were measured."""
    every = "the first result" if found.results == 1 else f"all {format_count(found.results)} results"
    if not found.results:
        words = html.P("Known after the first result.", className="run-note")
    elif not found.noisy:
        words = html.P([icon("status-ok"), f" quiet enough during {every}"], className="run-machine status-ok")
    else:
        some = f"{format_count(found.noisy)} of {format_count(found.results)} results"
        words = html.P(
            [
                icon("status-interrupted"),
                f" busy with other work during {every if found.noisy == found.results else some}, "
                f"at worst {format_share(found.worst)} of the CPU",
            ],
            className="run-machine status-interrupted",
        )
    return html.Div([html.H3("Machine", className="run-side-title"), words])


def run_failures(run: Run, results: Sequence[Result]) -> list[Component]:
    """Why the run stopped, and one notice per failed case with the end of its log."""
    notices = []
    if run.status is RunStatus.FAILED:
        notices.append(
            error_notice(
                f"Run {run.number} could not go on",
                run.error or "No reason was recorded.",
                detail="Results measured before are kept.",
            )
        )
    failed = [result for result in results if result.status is ResultStatus.FAILED]
    grouped: dict[str, list[Result]] = {}
    for result in failed:
        grouped.setdefault(_failure(result).reason, []).append(result)
    notices += [_failure_notice(same, run) for same in list(grouped.values())[:_NOTICES]]
    rest = len(grouped) - _NOTICES
    if rest > 0:
        notices.append(html.P(f"and {counted(rest, 'more reason')}; a report lists them all.", className="run-note"))
    return notices


def _failure_notice(same: Sequence[Result], run: Run) -> Component:
    """What failed for one reason: one process, or several cases."""
    cases = list({result.case.case_id: result.case for result in same}.values())
    failure = max((_failure(result) for result in same), key=lambda found: len(found.log))
    what = cases[0].label if len(cases) == 1 else counted(len(cases), "case")
    times = f" ({counted(len(same), 'process', 'processes')})" if len(same) > 1 else ""
    named = ", ".join(case.label for case in cases[:4]) + (f" and {len(cases) - 4} more" if len(cases) > 4 else "")
    details = [
        *([f"{named}."] if len(cases) > 1 else []),
        *(["The other cases go on."] if not run.status.is_final else []),
    ]
    return error_notice(
        f"{what} failed{times}",
        failure.reason,
        detail=" ".join(details) or None,
        log=failure.log,
        actions=[link_button("Try again", form_address(cases), drawing="refresh")],
    )


def no_run() -> Component:
    """Where the first run will be."""
    return empty_state(
        "No run yet",
        "Choose models in the form and press Start. The first result of a small model is there within seconds, "
        "and every result appears here as it is measured.",
    )


def _lines(progress: RunProgress) -> list[CaseLine]:
    return case_lines(progress.cases, ended=progress.run.status.is_final)


def _failed(lines: Sequence[CaseLine]) -> list[CaseLine]:
    return [line for line in lines if line.state == ResultStatus.FAILED]


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
            f"ended {format_age(run.finished_at, now)}" if run.finished_at else "",
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


def _row(line: CaseLine, scale: Scale) -> Component:
    case = line.case
    qualifiers = case.label.removeprefix(case.model_type)
    rate = (
        MISSING if line.throughput is None else format_estimate(line.throughput, Metric.THROUGHPUT, scale=scale).value
    )
    provisional = line.state in (RUNNING, QUEUED) and line.throughput is not None
    return html.Tr(
        [
            html.Td(status_mark(line.state)),
            html.Td([html.B(case.model_type), html.Span(qualifiers, className="case-qualifiers")]),
            html.Td(["~ " if provisional else "", html.B(rate) if line.throughput else rate], className="numeric"),
            html.Td(format_duration(line.elapsed_seconds), className="numeric"),
            html.Td(_outcome(line), className="case-outcome"),
        ],
        className="case-running" if line.state == RUNNING else "",
    )


def _outcome(line: CaseLine) -> Any:
    if line.state in (RUNNING, QUEUED):
        if line.state == QUEUED and not line.done:
            return counted(line.executions, "process", "processes")
        return [
            html.Progress(
                value=str(line.done),
                max=str(line.executions),
                className="case-progress",
                **{"aria-label": f"{line.done} of {line.executions} processes done"},
            ),
            html.Span(f" {line.done} of {line.executions}", className="case-progress-text"),
        ]
    if line.state == NOT_RUN:
        return "the run ended before it"
    if line.state == ResultStatus.COMPLETED:
        some = "" if line.measured == line.executions else f"{line.measured} of "
        after = f"after {some}{counted(line.executions, 'process', 'processes')}"
        spread = _spread(line.throughput)
        return f"{spread} {after}" if spread else after
    return line.reason or MISSING


def _spread(estimate: Estimate | None) -> str | None:
    """Half-width of the interval relative to the value."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return None
    share = (estimate.high - estimate.low) / 2 / estimate.value * 100
    if share >= _NO_ANSWER_PERCENT:
        return "too noisy to tell"
    return f"±{THIN_SPACE}{share:.1f}{THIN_SPACE}%" if share < 10 else f"±{THIN_SPACE}{share:.0f}{THIN_SPACE}%"


def _took(run: Run) -> str:
    if run.started_at is None or run.finished_at is None:
        return ""
    return format_duration((run.finished_at - run.started_at).total_seconds())


def _failure(result: Result) -> Failure:
    """Every failed result has one; a row that lost it still says so."""
    return result.failure or Failure(kind=FailureKind.ERROR, reason="No reason was recorded.")


def _shortened(words: Sequence[str], most: int) -> str:
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
