"""What would happen if the start form were sent now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.views.icon import icon
from app.views.marks import status_mark
from engine.domain.result import FailureKind
from engine.domain.run import Plan, PlannedCase
from engine.formatting import counted, format_bytes, format_count, format_eta, format_unchecked, join_words

_LISTED = 60
"""Cases listed in an unfolded preview."""

_PAIRS_ANEW = "Pairs are always measured anew, whatever was measured before."

_WHY_SKIPPED: Mapping[FailureKind, str] = {
    FailureKind.ALREADY_MEASURED: "measured recently",
    FailureKind.DOES_NOT_FIT: "would not fit in memory",
    FailureKind.NOT_AVAILABLE: "cannot run here",
    FailureKind.PLATEAU: "would tell nothing new",
    FailureKind.OUT_OF_BUDGET: "does not fit the budget",
}


def plan_pending() -> Component:
    """Shown until the first plan is there."""
    return html.P("Looking at what this machine can run ...", className="plan-line")


def plan_preview(plan: Plan, *, past_results: int, waiting: int = 0, measures_pairs_anew: bool = False) -> Component:
    """What would run, what would not and why, and how long it may take.

    `measures_pairs_anew`: only what is missing was asked for, and of pairs, which heed that not.
    """
    runs = {planned.case.case_id for planned in plan.planned}
    cases = len(runs) + len({skipped.case.case_id for skipped in plan.skipped})
    lines = [
        html.P(
            [
                html.B(_how_many(cases, len(runs))),
                f" {_skipped_words(plan)}" if plan.skipped else "",
            ],
            className="plan-line",
        ),
        *([html.P(_PAIRS_ANEW, className="plan-line")] if measures_pairs_anew else []),
        *_budget_line(plan, len(runs)),
        html.P(_duration(plan, past_results, waiting), className="plan-line"),
        *([html.P(format_unchecked(plan.unchecked), className="plan-line")] if plan.unchecked else []),
    ]
    return html.Div([*lines, *([_listed(plan)] if cases else [])])


def plan_problem(message: str) -> Component:
    """Why nothing can be planned as the form stands."""
    return html.P([icon("status-failed"), html.Span(message)], className="plan-problem", role="alert")


def start_label(plan: Plan, *, waiting: bool) -> str:
    """What the button will do."""
    cases = len({planned.case.case_id for planned in plan.planned})
    if not cases:
        return "Nothing to start"
    return f"{'Queue' if waiting else 'Start'} {counted(cases, 'case')}"


def _how_many(cases: int, running: int) -> str:
    if running == cases:
        return f"{counted(cases, 'case')}, {'which runs' if cases == 1 else 'all of which run'}."
    return f"{counted(cases, 'case')}, of which {format_count(running)} {'runs' if running == 1 else 'run'}."


def _budget_line(plan: Plan, cases: int) -> list[Component]:
    """What the time is expected to reach, where there is more."""
    reached = {planned.case.case_id for planned in plan.planned if planned.in_budget}
    executions = sum(planned.in_budget for planned in plan.planned)
    if executions == len(plan.planned):
        return []
    whole = f"{format_count(executions)} of {counted(len(plan.planned), 'process', 'processes')}"
    words = f"The budget reaches {format_count(len(reached))} of {counted(cases, 'case')}, {whole}; the rest "
    return [html.P(f"{words}runs only if time is left.", className="plan-line")]


def _skipped_words(plan: Plan) -> str:
    counts = Counter(skipped.failure.kind for skipped in plan.skipped)
    words = [f"{format_count(count)} {_WHY_SKIPPED.get(kind, 'left out')}" for kind, count in counts.most_common()]
    return f"{join_words(words)}."


def _duration(plan: Plan, past_results: int, waiting: int) -> list[Any]:
    if not plan.planned:
        return [_why_nothing_runs(plan)]
    after = f", after {counted(waiting, 'run')} in the queue" if waiting else ""
    if plan.estimated_seconds is None:
        return [f"How long it takes is not known yet: nothing like it was run here{after}."]
    text = format_eta(plan.estimated_seconds)
    start = "About " if text[0].isdigit() else ""
    first = text if start else text[0].upper() + text[1:]
    is_known = past_results and not plan.is_guess
    grounds = f", from {counted(past_results, 'past result')}" if is_known else ", a rough guess"
    return [start, html.B(first), f"{grounds}{after}."]


def _why_nothing_runs(plan: Plan) -> str:
    """With the remedy; another failure's own reason says what is in the way."""
    kinds = {skipped.failure.kind for skipped in plan.skipped}
    if FailureKind.ALREADY_MEASURED in kinds:
        return "Nothing is left to run. Untick “Only what is missing” to measure again."
    reasons = Counter(skipped.failure.reason for skipped in plan.skipped)
    return " ".join(["Nothing can run as the form stands.", *(reason for reason, _ in reasons.most_common(1))])


def _case_words(items: Sequence[PlannedCase]) -> str:
    """How many processes, how many of them the budget reaches, and the memory they need."""
    reached = sum(item.in_budget for item in items)
    processes = counted(len(items), "process", "processes")
    memory = "" if items[0].estimated_bytes is None else f", about {format_bytes(items[0].estimated_bytes)}"
    return f"{processes if reached == len(items) else f'{reached} of {processes} in the budget'}{memory}"


def _listed(plan: Plan) -> Component:
    by_case: dict[str, list[PlannedCase]] = {}
    for planned in plan.planned:
        by_case.setdefault(planned.case.case_id, []).append(planned)
    rows = [
        html.Tr(
            [
                html.Td(status_mark("queued" if items[0].in_budget else "skipped")),
                html.Td(items[0].case.label),
                html.Td(_case_words(items), className="plan-why"),
            ]
        )
        for items in by_case.values()
    ]
    rows += [
        html.Tr(
            [
                html.Td(status_mark("skipped")),
                html.Td(skipped.case.label),
                html.Td(skipped.failure.reason, className="plan-why"),
            ]
        )
        for skipped in plan.skipped
    ]
    rest = len(rows) - _LISTED
    return html.Details(
        [
            html.Summary("Show the cases"),
            html.Div(
                [
                    html.Table(html.Tbody(rows[:_LISTED]), className="plan-table"),
                    *([html.P(f"and {counted(rest, 'more case')}", className="plan-line")] if rest > 0 else []),
                ],
                className="plan-cases",
            ),
        ],
        className="plan-details",
    )
