"""A run in pairs: how many pairs are there, and once it has ended what they say."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from app.views.marks import verdict_mark
from app.views.resolution_badge import resolution_badge
from engine.domain.against import Against
from engine.domain.calibration import MachineNoise
from engine.domain.case import Case
from engine.domain.result import ResultStatus
from engine.domain.run import CaseProgress, RunProgress
from engine.domain.summary import PairedCase
from engine.figures.wording import case_words
from engine.formatting import counted, format_count
from engine.stats.resolution import resolution_in_pairs
from engine.verdict_words import format_paired

_NOT_YET = "The verdicts come with the last pair: looking before it would find differences that are not there."
_NONE = "No pair was completed, so there is no verdict."


def pairs_of(
    progress: RunProgress, verdicts: Sequence[PairedCase], noise: MachineNoise | None = None
) -> list[Component]:
    """Nothing for a run that is not in pairs; `verdicts` are there once it has ended."""
    against = progress.run.request.against
    if against is None:
        return []
    if not progress.run.status.is_final:
        return [_section([*_states(progress.cases, against), html.P(_NOT_YET, className="plan-line")])]
    told = [paired for paired in verdicts if paired.is_headline]
    return [_section([_verdict(paired, noise) for paired in told] or [html.P(_NONE, className="plan-line")])]


def _section(children: Sequence[Component]) -> Component:
    return html.Section(
        [html.H3("Pairs", className="run-side-title"), *children], className="run-pairs", **{"aria-label": "Pairs"}
    )


def _states(cases: Sequence[CaseProgress], against: Against) -> list[Component]:
    """One line per pair of cases, in the order in which they were planned."""
    completed: dict[Case, set[int]] = {}
    asked: dict[Case, int] = {}
    for row in cases:
        asked[row.case] = asked.get(row.case, 0) + 1
        completed.setdefault(row.case, set())
        if row.state == ResultStatus.COMPLETED.value:
            completed[row.case].add(row.repetition)
    lines = []
    for base in asked:
        new = against.applied_to(base)
        if new == base or new not in asked:
            continue
        first, second = against.words(base)
        there = len(completed[base] & completed[new])
        lines.append(
            html.P(
                [
                    html.B(f"{case_words(base)}: "),
                    f"{second} against {first}, {format_count(there)} of {counted(asked[base], 'pair')}",
                ],
                className="pair-line",
            )
        )
    return lines


def _verdict(paired: PairedCase, noise: MachineNoise | None) -> Component:
    return html.Div(
        [
            verdict_mark(paired.found.verdict, f"{case_words(paired.base)}: {format_paired(paired)}", filled=True),
            " ",
            resolution_badge(resolution_in_pairs(paired.found, noise)),
        ],
        className="pair-line",
        title=paired.found.reason,
    )
