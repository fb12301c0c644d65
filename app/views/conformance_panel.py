"""One model type: how each check ended and why, the traceback, where and when, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.coverage_state import CoverageState, coverage_address
from app.url_state import ViewState, start_address
from app.views.card import card
from app.views.conformance_grid import verdict_sign
from app.views.controls import copy_button, icon_button, link_button
from app.views.marks import backend_mark
from engine.domain.conformance import Check, CheckOutcome, Conformance, Verdict
from engine.domain.coverage import CoverageEntry
from engine.domain.hardware import Environment
from engine.formatting import (
    MISSING,
    format_bytes,
    format_count,
    format_duration,
    format_time,
    format_time_iso,
)
from engine.reports.coverage_words import (
    CHECK_MEANINGS,
    CHECK_TITLES,
    OBSTACLE_WORDS,
    conformance_command,
    way_words,
)

_TITLES: Mapping[Verdict, str] = {
    Verdict.WORKS: "works",
    Verdict.PARTIAL: "works partially",
    Verdict.FAILS: "fails",
    Verdict.UNAVAILABLE: "cannot be tried here",
    Verdict.NOT_APPLICABLE: "has nothing to run alone",
    Verdict.NOT_TRIED: "is not known to work",
}


def conformance_panel(
    entry: CoverageEntry,
    *,
    check: Check | None,
    elsewhere: Sequence[CoverageEntry],
    history: Sequence[Conformance],
    environments: Mapping[str, Environment],
    state: CoverageState,
) -> Component:
    """`entry` with tracebacks; `check` was clicked; `elsewhere` are its other backends and precisions."""
    found = entry.conformance
    command = conformance_command([entry.model_type], entry.precision)
    parts: list[Component] = []
    if found is None:
        unknown = "Nothing is known of it yet; the command below examines it."
        parts.append(html.P(entry.status_reason or unknown, className="conformance-never"))
    else:
        parts.append(_checks(found, check))
        parts += [_traceback(outcome) for outcome in found.outcomes if outcome.detail]
        parts.append(html.Dl(_facts(found, environments.get(found.environment_id)), className="facts"))
    if elsewhere:
        parts.append(_listed("Elsewhere", [_other_way(other, state) for other in elsewhere]))
    if len(history) > 1:
        parts.append(_listed("Earlier examinations", [_earlier(one) for one in history[1:]]))
    parts.append(html.Pre(command, className="code"))
    actions = [copy_button(command, "Copy command")]
    if entry.verdict in (Verdict.WORKS, Verdict.PARTIAL):
        measure = start_address(ViewState(model=entry.model_type, backend=entry.backend, precision=entry.precision))
        actions.append(link_button("Measure its speed", measure, drawing="play"))
    parts.append(html.Div(actions, className="action-row"))
    phrase = OBSTACLE_WORDS[entry.obstacle][0] if entry.obstacle is not None else _TITLES[entry.verdict]
    return card(
        f"{entry.model_type} {phrase} on {way_words(entry.backend, entry.precision)}",
        html.Div(parts, className="conformance-details"),
        subtitle=entry.family.label,
        tools=[icon_button("close", "Close (Esc)", id=ids.COVERAGE_CLOSE)],
        class_name="conformance-panel",
    )


def _checks(found: Conformance, chosen: Check | None) -> Component:
    head = html.Tr([html.Th("Check"), html.Th("Verdict"), html.Th("Reason"), html.Th("Took", className="numeric")])
    rows = [
        html.Tr(
            [
                html.Td(CHECK_TITLES[outcome.check], title=CHECK_MEANINGS[outcome.check]),
                html.Td(verdict_sign(outcome.verdict)),
                html.Td(outcome.reason or "", className="conformance-why"),
                html.Td(MISSING if outcome.seconds is None else format_duration(outcome.seconds), className="numeric"),
            ],
            className="is-chosen" if outcome.check is chosen else "",
        )
        for outcome in found.outcomes
    ]
    return html.Table([html.Thead(head), html.Tbody(rows)], className="plain-table conformance-checks")


def _traceback(outcome: CheckOutcome) -> Component:
    text = (outcome.detail or "").rstrip()
    return html.Details(
        [
            html.Summary(f"Traceback of {CHECK_TITLES[outcome.check]}"),
            html.Pre(text, className="log conformance-traceback", tabIndex="0"),
            copy_button(text, "Copy traceback", kind="quiet"),
        ],
        open=True,
        className="conformance-trace",
    )


def _facts(found: Conformance, environment: Environment | None) -> list[Component]:
    at = html.Span(format_time(found.examined_at), title=format_time_iso(found.examined_at))
    machine = environment.label if environment is not None else found.environment_id
    lines: list[tuple[str, object]] = [
        ("Examined", [at, f", took {format_duration(found.seconds)}"]),
        ("Machine", [backend_mark(found.backend), f", {machine}"]),
        ("Libraries", f"{found.library} {found.library_version}, torch {found.torch_version}"),
        ("Operations", MISSING if found.flops is None else f"{format_count(found.flops)} of one tiny pass, batch 2"),
        ("Bytes moved", format_bytes(found.bytes_moved)),
        ("Peak memory", format_bytes(found.peak_rss_bytes)),
    ]
    return [part for name, value in lines for part in (html.Dt(name), html.Dd(value))]


def _other_way(other: CoverageEntry, state: CoverageState) -> Component:
    there = replace(state, backend=other.backend, precision=other.precision, model=other.model_type)
    link = dcc.Link(way_words(other.backend, other.precision), href=coverage_address(there))
    reason = [html.Span(other.first_reason, className="conformance-why")] if other.first_reason else []
    return html.Li([link, verdict_sign(other.verdict), *reason])


def _earlier(one: Conformance) -> Component:
    where = way_words(one.backend, one.precision)
    when = html.Span(format_time(one.examined_at), title=format_time_iso(one.examined_at))
    line = html.Span([f"{one.library} {one.library_version}, {where}, ", when])
    return html.Li([line, verdict_sign(one.verdict)])


def _listed(title: str, items: Sequence[Component]) -> Component:
    return html.Div([html.H3(title), html.Ul(list(items))], className="conformance-list")
