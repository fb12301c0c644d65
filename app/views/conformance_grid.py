"""Every model type against every check, by family: the examinations, where coverage_grid shows measured results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.views.data_grid import HEADER_HEIGHT, ROW_HEIGHT
from engine.domain.conformance import Check, Verdict
from engine.domain.coverage import CoverageCounts, CoverageEntry
from engine.domain.model import Family
from engine.reports.coverage_words import CHECK_MEANINGS, CHECK_TITLES, VERDICT_MEANINGS, VERDICT_TITLES

FAMILY_ROW_HEIGHT = 30
_MOST_HEIGHT = 596
_LEAST_HEIGHT = 160
_CHECK_WIDTH = 58


def conformance_columns(*, narrow: bool, has_panel: bool) -> list[dict[str, Any]]:
    """On a phone name and verdict alone; beside the open panel everything but the reasons, which it shows."""
    shown = {"flex": 1} if narrow or has_panel else {"flex": 2, "maxWidth": 240}
    name = {"field": "model_type", "headerName": "Model type", "minWidth": 140, "cellClass": "grid-name", **shown}
    name |= {"tooltipField": "model_type"}
    overall = _verdict_column("overall", "Overall", "Of the type as a whole: the first outcome that is not good.")
    overall |= {"width": 92, "cellClass": "conformance-overall", "headerClass": ""}
    checks = [
        {**_verdict_column(check.value, CHECK_TITLES[check], CHECK_MEANINGS[check]), "hide": narrow} for check in Check
    ]
    reason = {
        "field": "reason",
        "headerName": "First reason",
        "flex": 4,
        "minWidth": 150,
        "cellClass": "conformance-reason",
        "tooltipField": "reason",
        "hide": narrow or has_panel,
    }
    return [{"sortable": False, "filter": False, **column} for column in (name, overall, *checks, reason)]


def conformance_rows(entries: Sequence[CoverageEntry], everything: Sequence[CoverageEntry]) -> list[dict[str, Any]]:
    """A heading for each family with how much of it works, then its types; `everything` is unfiltered."""
    rows: list[dict[str, Any]] = []
    for family in Family:
        shown = [entry for entry in entries if entry.family is family]
        if shown:
            rows.append(_family_row(family, shown, [entry for entry in everything if entry.family is family]))
            rows += [_row(entry) for entry in shown]
    return rows


def grid_height(rows: Sequence[Mapping[str, Any]]) -> int:
    """Pixels: as tall as its rows, within what fits a window."""
    content = sum(FAMILY_ROW_HEIGHT if row.get("is_family") else ROW_HEIGHT for row in rows)
    return min(_MOST_HEIGHT, max(_LEAST_HEIGHT, HEADER_HEIGHT + content + 4))


def conformance_legend(counts: CoverageCounts) -> Component:
    """Every sign with its word, its meaning on hover, and how many types it holds for as a whole."""
    keys = [
        html.Span(
            [
                html.Span(className=f"conformance-sign conformance-{verdict.value}", **{"aria-hidden": "true"}),
                html.Span(VERDICT_TITLES[verdict]),
                html.B(f"{counts.overall[verdict]:,}"),
            ],
            className="conformance-key",
            title=VERDICT_MEANINGS[verdict],
        )
        for verdict in Verdict
    ]
    return html.Div(keys, className="conformance-legend")


def verdict_sign(verdict: Verdict) -> Component:
    """Sign and word."""
    sign = html.Span(className=f"conformance-sign conformance-{verdict.value}", **{"aria-hidden": "true"})
    return html.Span([sign, html.Span(VERDICT_TITLES[verdict])], className="conformance-mark")


def _family_row(family: Family, shown: Sequence[CoverageEntry], members: Sequence[CoverageEntry]) -> dict[str, Any]:
    works = sum(entry.verdict is Verdict.WORKS for entry in members)
    hidden = len(members) - len(shown)
    detail = f"{works} of {len(members)} work fully" + (f" · {hidden} hidden by the filters" if hidden else "")
    return {"id": f"family {family.value}", "is_family": True, "family": family.label, "detail": detail}


def _row(entry: CoverageEntry) -> dict[str, Any]:
    """Reasons only where there are any: the browser gets hundreds of these."""
    outcomes = {check: entry.outcome(check) for check in Check}
    verdicts = {check.value: VERDICT_TITLES[entry.verdict_of(check)] for check in Check}
    reasons = {
        f"{check.value}_reason": found.reason
        for check, found in outcomes.items()
        if found is not None and found.reason is not None
    }
    row = {"id": entry.model_type, "model_type": entry.model_type, "overall": VERDICT_TITLES[entry.verdict]}
    return {**row, **verdicts, **reasons, "reason": entry.first_reason}


def _verdict_column(name: str, title: str, meaning: str) -> dict[str, Any]:
    rules: Mapping[str, str] = {
        f"conformance-{verdict.value}": f"params.value == '{VERDICT_TITLES[verdict]}'" for verdict in Verdict
    }
    return {
        "field": name,
        "headerName": title,
        "headerTooltip": meaning,
        "width": _CHECK_WIDTH,
        "minWidth": 44,
        "cellClass": "conformance-cell",
        "headerClass": "conformance-head",
        "cellClassRules": dict(rules),
        "tooltipField": "reason" if name == "overall" else f"{name}_reason",
        "resizable": False,
    }
