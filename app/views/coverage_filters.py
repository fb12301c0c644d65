"""The filter bar of the Coverage page."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.coverage_state import CoverageState, plain
from app.views.filter_bar import filter_bar, filter_chip
from app.views.icon import icon
from app.views.share_button import share_button
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.model import Family
from engine.reports.coverage_words import CHECK_TITLES, VERDICT_TITLES
from engine.workflows.coverage import Coverage


def coverage_filters(found: Coverage, state: CoverageState) -> Component:
    """One backend and precision at a time, so that a row is a model type."""
    families = {entry.family for entry in found.entries}
    earlier = [version.label for version in found.earlier]
    chips = [
        filter_chip(
            "Family",
            ids.COVERAGE_FAMILY,
            [{"value": family.value, "label": family.label} for family in Family if family in families],
            plain(state.family),
        ),
        filter_chip(
            "Verdict",
            ids.COVERAGE_VERDICT,
            [{"value": verdict.value, "label": VERDICT_TITLES[verdict]} for verdict in Verdict],
            plain(state.verdict),
        ),
        filter_chip(
            "of check",
            ids.COVERAGE_CHECK,
            [{"value": check.value, "label": CHECK_TITLES[check]} for check in Check],
            plain(state.check),
            placeholder="overall",
        ),
        _fixed("Backend", ids.COVERAGE_BACKEND, sorted({way[0] for way in found.ways}), state.backend),
        _fixed(
            "Precision",
            ids.COVERAGE_PRECISION,
            [precision.value for precision in Precision if precision in {way[1] for way in found.ways}],
            plain(state.precision),
        ),
        html.Div(_fixed("Changes since", ids.COVERAGE_SINCE, earlier, state.since), hidden=len(earlier) < 2),
    ]
    chosen = (state.family, state.verdict, state.check)
    return filter_bar(
        [_search(state.text)],
        chips,
        count=html.Span(id=ids.COVERAGE_COUNT),
        tools=[share_button()],
        active=sum(value is not None for value in chosen),
    )


def _fixed(name: str, id: str, options: list[Any], value: Any) -> Component:
    return filter_chip(name, id, options, value, clearable=False)


def _search(text: str | None) -> Component:
    return html.Div(
        [
            html.Label("Find a type or a reason", htmlFor=ids.COVERAGE_TEXT, className="visually-hidden"),
            icon("search"),
            dcc.Input(
                id=ids.COVERAGE_TEXT,
                type="search",
                value=text or "",
                debounce=0.3,
                autoComplete="off",
                placeholder="Type or reason",
                className="coverage-search-input",
            ),
        ],
        className="coverage-search",
    )
