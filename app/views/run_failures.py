"""Why cases of a run failed, and the way to try them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from app.run_options import COLD, PROGRESSIVE
from app.views.controls import copy_button, link_button
from app.views.error_notice import error_notice
from engine.domain.case import Case
from engine.domain.result import Failure, FailureKind, Result, ResultStatus
from engine.domain.run import Protocol, Run, RunRequest, RunStatus, SizeChoice
from engine.formatting import counted
from engine.reports.command import benchmark_command

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
    """The start form filled in; or, of what it has no fields for, the command."""
    if not request.compiled and request.attention is None:
        return link_button("Try again", form_address(cases, request), drawing="refresh")
    models, backends, precisions, batches, workloads = (
        tuple(dict.fromkeys(values))
        for values in zip(
            *((case.model, case.backend, case.precision, case.batch_size, case.workload) for case in cases), strict=True
        )
    )
    again = replace(
        request,
        models=models if request.checkpoint is None else request.models,
        tier=None,
        backends=backends,
        precisions=precisions,
        batch_sizes=batches,
        workloads=workloads,
        incremental=False,
    )
    return copy_button(benchmark_command(again), "Copy command to try again")


def form_address(cases: Sequence[Case], request: RunRequest) -> str:
    """The start form, filled in with what these cases of `request` have between them, to measure all of it again."""
    models = request.models if request.checkpoint is not None else [case.model for case in cases]
    lists = {
        "models": models,
        "backends": [case.backend for case in cases],
        "precisions": [case.precision.value for case in cases],
        "batch_sizes": [str(case.batch_size) for case in cases],
        "workloads": [case.workload.value for case in cases],
    }
    sizes = {SizeChoice.leading_to(case.size).value for case in cases}
    switches = {PROGRESSIVE: request.progressive, COLD: request.cold}
    processes = request.protocol.processes
    fields = {
        **{name: ",".join(dict.fromkeys(values)) for name, values in lists.items()},
        "size": sizes.pop() if len(sizes) == 1 and request.checkpoint is None else request.size.value,
        "sequence_length": request.sequence_length,
        "new_tokens": request.new_tokens,
        "workers": request.workers,
        "checkpoint": request.checkpoint,
        "threads": request.threads,
        "processes": None if processes == Protocol().processes else processes,
        "switches": ",".join(name for name, is_on in switches.items() if is_on),
    }
    chosen = {name: value for name, value in fields.items() if value is not None and (value != "" or name != "models")}
    return f"/live-runs?{urlencode(chosen, safe=',')}"


def _failure(result: Result) -> Failure:
    """Every failed result has one; a row that lost it still says so."""
    return result.failure or Failure(kind=FailureKind.ERROR, reason="No reason was recorded.")
