"""Whether other work disturbed a run's measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html
from dash.development.base_component import Component

from app.views.icon import icon
from engine.domain.result import Result
from engine.formatting import counted, format_conditions, format_count, format_disturbances


@dataclass(frozen=True, slots=True, kw_only=True)
class Quietness:
    """How often other work disturbed a run's measurements."""

    results: int = 0
    """Of which it is known."""
    unknown: int = 0
    """Too short to tell."""
    noisy: int = 0
    why: str = ""
    """What disturbed the noisy ones, the most of each, in clauses."""
    is_gpu_untold: bool = False
    """Nobody tells of some of them whether other programs used their GPU."""
    conditions: str = ""
    """Load, clock, governor, heat and free memory, in clauses; empty before the first result."""


def quietness_of(results: Sequence[Result]) -> Quietness:
    states = [result.machine for result in results if result.machine is not None]
    known = [state for state in states if state.is_noisy is not None]
    noisy = [state for state in known if state.is_noisy]
    unknown = len(states) - len(known)
    return Quietness(
        results=len(known),
        unknown=unknown,
        noisy=len(noisy),
        why=format_disturbances(noisy),
        is_gpu_untold=any(state.is_gpu_untold for state in states),
        conditions=format_conditions(states) if states else "",
    )


def machine_note(found: Quietness, *, has_ended: bool = False, imported_from: str | None = None) -> Component:
    """Whether the machine was quiet enough while this run's results were measured; `has_ended` is said of the run."""
    if imported_from is not None:
        words = html.P(f"Measured elsewhere: {imported_from} tells how.", className="run-note")
        return html.Div([html.H3("Machine", className="run-side-title"), words])
    every = "the first result" if found.results == 1 else f"all {format_count(found.results)} results"
    if found.unknown:
        every = f"the {counted(found.results, 'result')} of which it is known"
    if not found.results and found.unknown:
        why = "nobody tells what else used the GPU" if found.is_gpu_untold else "the results were too short to tell"
        words = html.P(f"Not known: {why}.", className="run-note")
    elif not found.results:
        nothing = "Not known: nothing was measured." if has_ended else "Known after the first result."
        words = html.P(nothing, className="run-note")
    elif not found.noisy:
        words = html.P([icon("status-ok"), f" quiet enough during {every}"], className="run-machine status-ok")
    else:
        some = f"{format_count(found.noisy)} of {format_count(found.results)} results"
        words = html.P(
            [
                icon("status-interrupted"),
                f" disturbed during {every if found.noisy == found.results else some}: {found.why}",
            ],
            className="run-machine status-interrupted",
        )
    parts = [html.H3("Machine", className="run-side-title"), words]
    if found.conditions:
        parts.append(html.P(f"{found.conditions[0].upper()}{found.conditions[1:]}.", className="run-note"))
    return html.Div(parts)
