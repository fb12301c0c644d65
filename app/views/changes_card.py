"""What works in one library version and not in the other: regressions first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from dash import dcc, html
from dash.development.base_component import Component

from app.coverage_state import CoverageState, coverage_address
from app.views.card import card
from app.views.conformance_grid import verdict_sign
from engine.analysis.conformance_changes import ChangeKind, ConformanceChange
from engine.domain.conformance import Verdict
from engine.domain.library_version import LibraryVersion
from engine.formatting import MISSING, counted
from engine.reports.coverage_words import CHECK_TITLES, change_counts

_TOLD = (ChangeKind.REGRESSION, ChangeKind.OTHER, ChangeKind.IMPROVEMENT)
_MOST_NAMES = 30


def changes_card(
    since: LibraryVersion,
    until: LibraryVersion,
    changes: Sequence[ConformanceChange],
    *,
    where: str,
    state: CoverageState,
    tools: Sequence[Component] = (),
) -> Component:
    """Of the backend and precision `where` alone; types that are in one version only are named below."""
    told = [change for change in changes if change.kind in _TOLD]
    kinds = Counter(change.kind for change in changes)
    regressions = kinds[ChangeKind.REGRESSION]
    title = (
        f"{counted(regressions, 'regression')} since {since.label}"
        if regressions
        else f"No regression since {since.label}"
    )
    body: list[Component] = [_table(told, state)] if told else []
    for kind, words in ((ChangeKind.GONE, "No longer examined"), (ChangeKind.ADDED, "Newly examined")):
        names = [change.model_type for change in changes if change.kind is kind]
        if names:
            body.append(_names(f"{words}: {counted(len(names), 'type')}", names))
    if not body:
        body.append(html.P("Every check of every type ended as before.", className="conformance-never"))
    return card(
        title,
        html.Div(body, className="changes"),
        subtitle=f"From {since.label} to {until.label} on {where} · {change_counts(kinds)}",
        tools=tools,
        footnote="Only causes are listed: checks that an earlier one kept from being tried are left out.",
    )


def _table(changes: Sequence[ConformanceChange], state: CoverageState) -> Component:
    titles = ("Change", "Model type", "Check", "Before", "After", "Reason")
    head = html.Tr([html.Th(title) for title in titles])
    return html.Div(
        html.Table(
            [html.Thead(head), html.Tbody([_row(change, state) for change in changes])],
            className="plain-table changes-table",
        ),
        className="changes-frame",
        tabIndex="0",
    )


def _row(change: ConformanceChange, state: CoverageState) -> Component:
    there = replace(state, backend=change.backend, precision=change.precision, model=change.model_type)
    return html.Tr(
        [
            html.Td(change.kind.value, className=f"change-{change.kind.value}"),
            html.Td(dcc.Link(change.model_type, href=coverage_address(there))),
            html.Td(MISSING if change.check is None else CHECK_TITLES[change.check]),
            html.Td(_verdict(change.before)),
            html.Td(_verdict(change.after)),
            html.Td(change.reason or "", className="conformance-why"),
        ]
    )


def _verdict(verdict: Verdict | None) -> Component | str:
    return MISSING if verdict is None else verdict_sign(verdict)


def _names(title: str, names: Sequence[str]) -> Component:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return html.Details([html.Summary(title), html.P(", ".join(names[:_MOST_NAMES]) + more)], className="changes-names")
