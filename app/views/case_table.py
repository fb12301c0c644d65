"""The cases of a run, one line each, around the one that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.case_lines import NOT_RUN, QUEUED, RUNNING, CaseLine, around_running, failed_lines
from app.views.marks import status_mark
from engine.domain.measurement import Estimate, Metric
from engine.domain.result import ResultStatus
from engine.domain.workload_metrics import RATES
from engine.formatting import (
    MISSING,
    THIN_SPACE,
    Scale,
    counted,
    format_count,
    format_duration,
    format_estimate,
    scale_for,
)

AROUND = 14
"""Lines shown at once unless all are asked for."""
_NO_ANSWER_PERCENT = 100
"""A half-width of the value itself or more: the figure is only an order of magnitude."""


def case_table(lines: Sequence[CaseLine], rows: str) -> list[Any]:
    """The table and the sentence that says what it leaves out."""
    failed = failed_lines(lines)
    shown: Sequence[CaseLine] = (
        failed if rows == "failed" else lines if rows == "all" else around_running(lines, AROUND)
    )
    scales = _scales(lines)
    units = {scale.unit for scale in scales.values()}
    is_mixed = len(units) > 1
    unit = "" if is_mixed else f", {units.pop()}" if units else f", {Metric.THROUGHPUT.unit}"
    head = html.Tr(
        [
            html.Th("Status", scope="col"),
            html.Th("Case", scope="col"),
            html.Th(f"Throughput{unit}", scope="col", className="numeric"),
            html.Th("Elapsed", scope="col", className="numeric"),
            html.Th("Interval, progress or reason", scope="col"),
        ]
    )
    body = [_row(line, scales, is_mixed) for line in shown]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="plain-table case-table")
    if not shown:
        table = html.P("No case failed.", className="run-note")
    counted_words = f"Showing {format_count(len(shown))} of {counted(len(lines), 'case')}"
    running = any(line.state in (RUNNING, QUEUED) for line in lines)
    partly = rows == "around" and running and len(shown) < len(lines)
    note = f"{counted_words} around the running one" if partly else counted_words
    return [html.Div(table, className="case-table-frame"), html.P(note, className="run-note")]


def _scales(lines: Sequence[CaseLine]) -> dict[Metric, Scale]:
    """One unit for all lines of a workload; each workload has a rate of its own."""
    values: dict[Metric, list[float]] = {}
    for line in lines:
        if line.throughput is not None:
            values.setdefault(RATES[line.case.workload], []).append(line.throughput.value)
    return {metric: scale_for(rates, metric) for metric, rates in values.items()}


def _rate(line: CaseLine, scales: Mapping[Metric, Scale], is_mixed: bool) -> str:
    if line.throughput is None:
        return MISSING
    metric = RATES[line.case.workload]
    text = format_estimate(line.throughput, metric, scale=scales[metric])
    return text.plain if is_mixed else text.value


def _row(line: CaseLine, scales: Mapping[Metric, Scale], is_mixed: bool) -> Component:
    case = line.case
    qualifiers = case.label.removeprefix(case.model)
    rate = _rate(line, scales, is_mixed)
    provisional = line.state in (RUNNING, QUEUED) and line.throughput is not None
    return html.Tr(
        [
            html.Td(status_mark(line.state)),
            html.Td([html.B(case.model), html.Span(qualifiers, className="case-qualifiers")]),
            html.Td(["~ " if provisional else "", html.B(rate) if line.throughput else rate], className="numeric"),
            html.Td(format_duration(line.elapsed_seconds), className="numeric"),
            html.Td(_outcome(line), className="case-outcome"),
        ],
        className="case-running" if line.state == RUNNING else "",
    )


def _outcome(line: CaseLine) -> Any:
    if line.state in (RUNNING, QUEUED):
        if line.state == QUEUED and not line.done:
            return counted(line.executions, "process", "processes")
        return [
            html.Progress(
                value=str(line.done),
                max=str(line.executions),
                className="case-progress",
                **{"aria-label": f"{line.done} of {line.executions} processes done"},
            ),
            html.Span(f" {line.done} of {line.executions}", className="case-progress-text"),
        ]
    if line.state == NOT_RUN:
        return "the run ended before it"
    if line.state == ResultStatus.COMPLETED:
        some = "" if line.measured == line.executions else f"{line.measured} of "
        after = f"after {some}{counted(line.executions, 'process', 'processes')}"
        spread = _spread(line.throughput)
        return f"{spread} {after}" if spread else after
    return line.reason or MISSING


def _spread(estimate: Estimate | None) -> str | None:
    """Half-width of the interval relative to the value."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return None
    share = (estimate.high - estimate.low) / 2 / estimate.value * 100
    if share >= _NO_ANSWER_PERCENT:
        return "too noisy to tell"
    return f"±{THIN_SPACE}{share:.1f}{THIN_SPACE}%" if share < 10 else f"±{THIN_SPACE}{share:.0f}{THIN_SPACE}%"
