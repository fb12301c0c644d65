"""What is measured, what fails and what was never tried: backends and precisions against model types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dash import dcc, html
from dash.development.base_component import Component

from app.url_state import ViewState, address, start_address
from app.views.icon import icon
from engine.domain.case import Precision
from engine.domain.model import Family
from engine.domain.summary import CaseSummary
from engine.formatting import counted


class Coverage(StrEnum):
    MEASURED = "measured"
    FAILS = "fails"
    NOT_TRIED = "not tried"


Way = tuple[str, Precision]
_MOST_REASONS = 3
_MOST_UNTRIED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageTable:
    """Every model type against every way of running that was tried at all."""

    ways: tuple[Way, ...]
    models: Mapping[Family, tuple[str, ...]]
    states: Mapping[tuple[str, Way], tuple[Coverage, str]]
    """By model and way: the state, and why it fails."""

    @property
    def counts(self) -> dict[Coverage, int]:
        found = [state for state, _ in self.states.values()]
        return {state: found.count(state) for state in Coverage}


def coverage_table(summaries: Sequence[CaseSummary], models: Sequence[tuple[str, Family]]) -> CoverageTable:
    """`models` are the types that can be run, tried or not; those of `summaries` are added."""
    ways = tuple(sorted({(s.case.backend, s.case.precision) for s in summaries}, key=_way_order))
    family_of = {**dict(models), **{s.case.model_type: s.case.family for s in summaries}}
    by_family = {
        family: tuple(sorted(model for model, found in family_of.items() if found is family))
        for family in Family
        if family in family_of.values()
    }
    states = {(model, way): _state(summaries, model, way) for model in family_of for way in ways}
    return CoverageTable(ways=ways, models=by_family, states=states)


def coverage_title(table: CoverageTable) -> str:
    """Counts only what can run here."""
    counts, total = table.counts, len(table.states)
    ways = " and ".join(f"{backend} {precision}" for backend, precision in table.ways)
    failing = [(model, way) for (model, way), (state, _) in table.states.items() if state is Coverage.FAILS]
    if counts[Coverage.MEASURED] == total:
        return f"All {counted(sum(map(len, table.models.values())), 'model type')} are measured on {ways}"
    text = f"{counts[Coverage.MEASURED]} of {counted(total, 'combination')} measured"
    if len(failing) == 1:
        return f"{text}; {failing[0][0]} fails on {failing[0][1][0]} {failing[0][1][1]}"
    return f"{text}; {counted(len(failing), 'fails', 'fail')}" if failing else text


def coverage_grid(table: CoverageTable) -> Component:
    """Cells are links to their cases in Comparison; on a phone the grid becomes a list by family."""
    groups = [
        html.Div(
            [html.Div(family.label, className="coverage-family", title=family.label)]
            + [
                html.Div([_cell(table, model, way) for model in models], className="coverage-cells")
                for way in table.ways
            ],
            className="coverage-group",
        )
        for family, models in table.models.items()
    ]
    names = html.Div(
        [
            html.Div(className="coverage-family"),
            *(
                html.Div([backend, html.B(f" {precision}")], className="coverage-way")
                for backend, precision in table.ways
            ),
        ],
        className="coverage-names",
    )
    shown = [state for state in Coverage if table.counts[state]]
    legend = html.Div(
        [html.Span([_swatch(state), html.Span(state.value)], className="coverage-key") for state in shown],
        className="coverage-legend",
    )
    return html.Div(
        [
            html.Div([names, html.Div(groups, className="coverage-groups")], className="coverage only-wide"),
            html.Ul([_family_line(table, family) for family in table.models], className="coverage-list only-narrow"),
            legend,
            *_loose_ends(table),
        ]
    )


def _loose_ends(table: CoverageTable) -> list[Component]:
    """Why cells fail, and what could be measured next."""
    failing = [
        (model, way, reason) for (model, way), (state, reason) in table.states.items() if state is Coverage.FAILS
    ]
    untried = list(
        dict.fromkeys(model for (model, _), (state, _) in table.states.items() if state is Coverage.NOT_TRIED)
    )
    reasons = [
        html.Li([html.B(model), f" {backend} {precision}: ", html.Span(reason, className="coverage-reason")])
        for model, (backend, precision), reason in failing[:_MOST_REASONS]
    ]
    parts: list[Component] = [html.Ul(reasons, className="coverage-reasons")] if reasons else []
    if untried:
        shown = ", ".join(untried[:_MOST_UNTRIED]) + (" ..." if len(untried) > _MOST_UNTRIED else "")
        where = start_address(ViewState(model=untried[0] if len(untried) == 1 else None))
        parts.append(
            html.P(["Not tried everywhere: ", shown, ". ", dcc.Link("Measure", href=where)], className="coverage-next")
        )
    return parts


def _family_line(table: CoverageTable, family: Family) -> Component:
    cells = [table.states[model, way][0] for model in table.models[family] for way in table.ways]
    link = dcc.Link(family.label, href=address("/comparison", ViewState(family=family)))
    return html.Li([link, html.Span(f"{cells.count(Coverage.MEASURED)} of {len(cells)} measured")])


def _cell(table: CoverageTable, model: str, way: Way) -> Component:
    state, reason = table.states[model, way]
    backend, precision = way
    label = f"{model} on {backend} {precision}: {state.value}" + (f", {reason}" if reason else "")
    href = (
        start_address(ViewState(model=model, backend=backend, precision=precision))
        if state is Coverage.NOT_TRIED
        else address("/comparison", ViewState(model=model, backend=backend, precision=precision))
    )
    return dcc.Link(_swatch(state), href=href, title=label, className="coverage-link")


def _swatch(state: Coverage) -> Component:
    kind = state.value.replace(" ", "-")
    inner = icon("close") if state is Coverage.FAILS else None
    return html.Span(inner, className=f"coverage-cell coverage-{kind}")


def _state(summaries: Sequence[CaseSummary], model: str, way: Way) -> tuple[Coverage, str]:
    found = [s for s in summaries if s.case.model_type == model and (s.case.backend, s.case.precision) == way]
    if any(summary.completed for summary in found):
        return Coverage.MEASURED, ""
    failure = next((summary.last_failure for summary in found if summary.last_failure is not None), None)
    if failure is not None and any(summary.failed for summary in found):
        return Coverage.FAILS, failure.reason
    return Coverage.NOT_TRIED, ""


def _way_order(way: Way) -> tuple[bool, str, int]:
    return way[0] != "cpu", way[0], list(Precision).index(way[1])
