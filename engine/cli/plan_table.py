"""What a run would do, before it does: `benchmark --plan`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.cli.option_column import IDENTITY, OptionColumn
from engine.cli.output import print_json, print_rows, say
from engine.domain.budget import budget_text
from engine.domain.case import Case
from engine.domain.run import Plan, PlannedCase, RunRequest
from engine.formatting import counted, format_bytes, format_eta, format_unchecked

_CASE_HEADINGS = ("Model", "Size", "Backend", "Precision", "Batch", "Type")
"""Of IDENTITY."""


def tell_plan(plan: Plan, request: RunRequest, *, as_json: bool, quiet: bool) -> None:
    """The cases in the order they would run, those left out with their reason, and the time it all takes."""
    if as_json:
        print_json(plan_object(plan, request))
        return
    groups = _by_case(plan.planned)
    cases = [*(items[0].case for items in groups.values()), *(left.case for left in plan.skipped)]
    options = OptionColumn.of([_named(case) for case in cases])
    headings = (*_CASE_HEADINGS, *options.heading, "Processes", "Each", "Memory", "Plan")
    lines = [
        [*_identity(items[0].case, options), _processes(items), *_estimates(items[0]), _fate(items)]
        for items in groups.values()
    ]
    lines += [[*_identity(left.case, options), None, None, None, left.failure.reason] for left in plan.skipped]
    print_rows(headings, lines, "table", numeric=("Batch", "Processes"))
    reached = sum(items[0].in_budget for items in groups.values())
    within = "" if request.budget_seconds is None else f" within {budget_text(request.budget_seconds)}"
    ground = " (a guess: nothing like some of it ever ran here)" if plan.is_guess else ""
    say(
        f"{counted(reached, 'case')} of {len(groups) + len(plan.skipped)}{within}: "
        f"{format_eta(plan.estimated_seconds)}{ground}.",
        quiet=quiet,
    )
    if plan.unchecked:
        say(format_unchecked(plan.unchecked), quiet=quiet)


def plan_object(plan: Plan, request: RunRequest) -> dict[str, Any]:
    """Seconds and bytes; ranges are low and high."""
    return {
        "budget_seconds": request.budget_seconds,
        "estimated_seconds": plan.estimated_seconds,
        "is_guess": plan.is_guess,
        "memory_unchecked": list(plan.unchecked),
        "planned": [
            {
                **_named(items[0].case),
                "processes": len(items),
                "processes_in_budget": sum(item.in_budget for item in items),
                "estimated_seconds_each": items[0].estimated_seconds,
                "estimated_bytes": items[0].estimated_bytes,
            }
            for items in _by_case(plan.planned).values()
        ],
        "skipped": [
            {**_named(left.case), "failure": {"kind": left.failure.kind.value, "reason": left.failure.reason}}
            for left in plan.skipped
        ],
    }


def _by_case(planned: Iterable[PlannedCase]) -> dict[str, list[PlannedCase]]:
    groups: dict[str, list[PlannedCase]] = {}
    for item in planned:
        groups.setdefault(item.case.case_id, []).append(item)
    return groups


def _identity(case: Case, options: OptionColumn) -> list[Any]:
    row = _named(case)
    return [*(row[name] for name in IDENTITY), *options.cell(row)]


def _named(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "model": case.model,
        "model_type": case.model_type,
        "size": str(case.size),
        "backend": case.backend,
        "precision": case.precision.value,
        "batch_size": case.batch_size,
        "workload": case.workload.value,
        "sequence_length": case.sequence_length,
        "new_tokens": case.new_tokens,
        "workers": case.workers,
        "threads": case.threads,
        "compiled": case.compiled,
        "attention": case.attention,
        "cold": case.cold,
        "checkpoint": case.checkpoint,
    }


def _processes(items: list[PlannedCase]) -> str:
    reached = sum(item.in_budget for item in items)
    return str(len(items)) if reached == len(items) else f"{reached} of {len(items)}"


def _estimates(item: PlannedCase) -> list[str]:
    return [format_eta(item.estimated_seconds), format_bytes(item.estimated_bytes)]


def _fate(items: list[PlannedCase]) -> str:
    if all(item.in_budget for item in items):
        return "runs"
    return "in part, as time allows" if items[0].in_budget else "only if time is left"
