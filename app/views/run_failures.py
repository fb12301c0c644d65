"""Why cases of a run failed, and the way to try them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from dash import html
from dash.development.base_component import Component

from app.run_options import RunOptions
from app.views.controls import copy_button, link_button
from app.views.error_notice import error_notice
from engine.domain.case import Case, Workload
from engine.domain.result import Failure, FailureKind, Result, ResultStatus
from engine.domain.run import Run, RunRequest, RunStatus, SizeChoice
from engine.formatting import counted
from engine.reports.command import benchmark_command

Value = TypeVar("Value")

_NOTICES = 8
"""Reasons spelled out below the table; the rest are counted."""


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
        actions=[_again(cases, run.request)],
    )


def _again(cases: Sequence[Case], request: RunRequest) -> Component:
    """The start form filled in; or the command, where the form has no field for some of it."""
    again = request_again(cases, request)
    options = RunOptions.nearest_to(again)
    if options.request() == again:
        return link_button("Try again", options.address, drawing="refresh")
    return copy_button(benchmark_command(again), "Copy command to try again")


def request_again(cases: Sequence[Case], request: RunRequest) -> RunRequest:
    """What these cases of `request` have between them, to measure all of it again; of pairs, with their partners."""
    sizes = {SizeChoice.leading_to(case.size) for case in cases}
    is_of_types = request.checkpoint is None
    in_pairs = request.against is not None
    workloads = _each(case.workload for case in cases)
    return replace(
        request,
        models=_each(case.model for case in cases) if is_of_types else request.models,
        tier=None,
        backends=request.backends if in_pairs else _each(case.backend for case in cases),
        precisions=request.precisions if in_pairs else _each(case.precision for case in cases),
        batch_sizes=tuple(sorted({case.batch_size for case in cases})),
        workloads=workloads,
        new_tokens=request.new_tokens if Workload.GENERATION in workloads else None,
        workers=request.workers if Workload.CONCURRENCY in workloads else None,
        size=sizes.pop() if len(sizes) == 1 and is_of_types else request.size,
        incremental=False,
        budget_seconds=None,
        title=None,
    )


def _each(values: Iterable[Value]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(values))


def _failure(result: Result) -> Failure:
    """Every failed result has one; a row that lost it still says so."""
    return result.failure or Failure(kind=FailureKind.ERROR, reason="No reason was recorded.")
