"""What the meters of this machine are worth: each check against its goal, and which change a verdict can resolve."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from app.views.card import card
from app.views.empty_state import empty_state
from app.views.marks import status_mark
from engine.domain.calibration import Calibration, Finding, FindingState
from engine.domain.hardware import Environment
from engine.domain.result import ResultStatus
from engine.domain.run import RunStatus
from engine.formatting import (
    MISSING,
    format_count,
    format_duration,
    format_percent,
    format_share,
    format_time,
    format_time_iso,
)
from engine.reports.calibration_words import (
    STATE_WORDS,
    change_words,
    detail_words,
    goal_words,
    next_steps,
    resolution_rows,
    value_words,
    verdict_sentence,
)

_DRAWN_AS = {
    FindingState.REACHED: ResultStatus.COMPLETED.value,
    FindingState.OPEN: RunStatus.QUEUED.value,
    FindingState.MISSED: ResultStatus.FAILED.value,
    FindingState.FAILED: ResultStatus.FAILED.value,
    FindingState.UNAVAILABLE: ResultStatus.SKIPPED.value,
}


def trust_head(found: Calibration | None, newest: Calibration | None, environment: Environment) -> list[Component]:
    """Which goals hold, and when and where that was found; then what a quick one since has found."""
    if found is None:
        return [
            html.H1("What the meters of this machine are worth is not known yet.", className="answer"),
            html.P(f"{environment.label}, {environment.os}.", className="answer-detail"),
        ]
    at = html.Span(format_time(found.calibrated_at), title=format_time_iso(found.calibrated_at))
    quick = " quickly, with few trials of verdicts," if found.is_quick else ""
    busy = (
        "how busy it was meanwhile is not known"
        if found.cpu_busy_others is None
        else f"other programs took {format_share(found.cpu_busy_others)} of it meanwhile"
    )
    detail = [f"Calibrated{quick} ", at, f" in {format_duration(found.seconds)} on {environment.label}; {busy}."]
    told = [html.H1(verdict_sentence(found), className="answer"), html.P(detail, className="answer-detail")]
    if newest is not None and newest.calibration_id != found.calibration_id:
        later = html.Span(format_time(newest.calibrated_at), title=format_time_iso(newest.calibrated_at))
        since = ["A quick one, ", later, f", does not replace it: {_lowered(verdict_sentence(newest))}"]
        told.append(html.P(since, className="answer-detail"))
    return told


def trust_cards(found: Calibration | None) -> list[Component]:
    if found is None:
        return [
            empty_state(
                "This machine is not calibrated",
                [
                    "Known sleeps, matrix products and allocations show by how much the timer and the meters of memory "
                    "err; the same work twice shows how often a verdict tells a difference that is none. It takes some "
                    "minutes, in which nothing else is measured. ",
                    html.Code("modeldyno doctor"),
                    " does the same on the command line.",
                ],
            )
        ]
    steps = next_steps(found)
    return [
        card(
            "Meters and verdicts against what is known",
            _checks(found.findings),
            subtitle="Each in a process as cases have them · intervals of shares are 95\N{THIN SPACE}%",
        ),
        *([_next_steps(steps)] if steps else []),
    ]


def resolution_card(found: Calibration | None) -> Component | None:
    """Which change a comparison can show here; None before it is known."""
    if found is None or found.noise is None:
        return None
    rows = resolution_rows(found.noise)
    best = max(rows, key=lambda row: row[0])
    head = html.Tr(
        [
            html.Th("Processes a side"),
            html.Th("A comparison", className="numeric"),
            html.Th("As many pairs in turns", className="numeric"),
        ]
    )
    body = [
        html.Tr(
            [
                html.Td(format_count(count)),
                html.Td(change_words(alone), className="numeric"),
                html.Td(change_words(in_pairs), className="numeric"),
            ]
        )
        for count, alone, in_pairs in rows
    ]
    title = f"{best[0]} processes resolve ±{format_percent(best[1])} here"
    return card(
        title,
        html.Table([html.Thead(head), html.Tbody(body)], className="plain-table"),
        subtitle="Smallest change found four times out of five, by a comparison told alone",
        footnote=f"Processes of one matrix product differ by {format_percent(found.noise.process_spread)} (standard "
        f"deviation, n = {format_count(found.noise.processes)}), two that take turns by "
        f"{format_percent(found.noise.pair_spread)}. A case with five processes of its own is told by its own spread. "
        f"Among many comparisons it takes a larger one: the badge beside a verdict says which. "
        f"{MISSING} : too few for any verdict.",
    )


def _checks(findings: Sequence[Finding]) -> Component:
    head = html.Tr(
        [
            html.Th("Check"),
            html.Th("Found", className="numeric"),
            html.Th("Goal", className="numeric"),
            html.Th("State"),
        ]
    )
    return html.Table([html.Thead(head), html.Tbody([_row(one) for one in findings])], className="plain-table trust")


def _row(finding: Finding) -> Component:
    name = [
        html.Div(finding.check.title, className="trust-check", title=finding.check.definition),
        html.Div(detail_words(finding), className="trust-detail"),
    ]
    state = None
    if finding.state is not FindingState.TOLD:
        state = status_mark(_DRAWN_AS[finding.state], STATE_WORDS[finding.state])
    value = html.Div(value_words(finding), className="trust-value")
    return html.Tr(
        [
            html.Td(name),
            html.Td([value, _gauge(finding)], className="numeric"),
            html.Td(goal_words(finding) or MISSING, className="numeric"),
            html.Td(state),
        ]
    )


def _gauge(finding: Finding) -> Component | None:
    """How much of what the goal allows is used up; only where less is better."""
    if finding.value is None or not finding.goal or finding.check.wants_more:
        return None
    share = min(1.0, finding.value / finding.goal)
    kind = "is-over" if finding.value > finding.goal else ""
    label = f"{format_share(finding.value / finding.goal)} of what is allowed"
    return html.Div(
        html.Div(style={"width": f"{max(share, 0.02) * 100:.0f}%"}),
        className=f"trust-gauge {kind}".strip(),
        title=label,
        role="img",
        **{"aria-label": label},
    )


def _next_steps(steps: Sequence[str]) -> Component:
    return card("What to do next", html.Ul([html.Li(step) for step in steps], className="trust-steps"))


def _lowered(sentence: str) -> str:
    """To stand behind a colon."""
    return sentence[0].lower() + sentence[1:]
