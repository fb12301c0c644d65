"""Reports that were made, and what a new one will hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from app.views.controls import link_button
from app.views.empty_state import empty_state
from app.views.icon import icon
from app.views.run_words import request_words
from engine.domain.report import StoredReport
from engine.domain.run import Run
from engine.formatting import counted, format_count, format_file_size, format_time, format_time_iso


def report_list_title(shown: int, total: int) -> str:
    """`total` are stored, of which the newest `shown` are listed."""
    if not total:
        return "Reports"
    if shown < total:
        return f"The newest {format_count(shown)} of {format_count(total)} reports; each opens offline"
    return f"{counted(total, 'report')}; each opens offline"


def report_list(
    reports: Sequence[StoredReport],
    run_numbers: Mapping[str, int],
    now: datetime,
    *,
    gone: Collection[str] = (),
) -> Component:
    """Newest first; `run_numbers` maps run ids to what people call them, `gone` are reports without their file."""
    if not reports:
        return empty_state(
            "No report yet",
            "A report is one file with the charts, every number with its interval, the machine and the method. "
            "Choose a run and press Make report; it takes about a second.",
        )
    return html.Ul(
        [_item(report, run_numbers, now, is_gone=report.report_id in gone) for report in reports],
        className="report-list",
    )


def download_link(report: StoredReport, label: str = "Download") -> Component:
    return html.A(
        [icon("download"), html.Span(label)],
        href=download_address(report),
        download=report.filename,
        className="dyno-button",
        **{"aria-label": f"{label} {report.filename}"},
    )


def download_address(report: StoredReport) -> str:
    return f"/api/benchmark/reports/{report.report_id}"


def report_facts(run: Run | None) -> Component:
    """What a report on `run` will hold."""
    if run is None:
        return html.P("Choose a run that has results.")
    failed = f", {counted(run.failed, 'failure')} with reason and log" if run.failed else ""
    skipped = f", {format_count(run.skipped)} skipped with reason" if run.skipped else ""
    return html.P(
        [
            html.B(f"{counted(run.completed, 'result')}{failed}{skipped}."),
            f" {request_words(run.request)}. Light theme, opens offline; every number carries its interval and source.",
        ]
    )


def run_option(run: Run, now: datetime) -> dict[str, str]:
    when = format_time(run.finished_at or run.created_at, now=now)
    return {"value": run.run_id, "label": f"Run {run.number}, {when}: {request_words(run.request)}"}


def _item(report: StoredReport, run_numbers: Mapping[str, int], now: datetime, *, is_gone: bool) -> Component:
    number = run_numbers.get(report.run_id)
    run = f"run {number} · " if number is not None else ""
    return html.Li(
        [
            html.Div(
                [
                    html.Span(report.title, className="report-title") if is_gone else _opening(report),
                    html.P(report.summary, className="report-summary"),
                    html.P(
                        [
                            html.Span(
                                f"{run}{format_time(report.created_at, now=now)} · "
                                f"{report.format.upper()} · {format_file_size(report.size_bytes)}"
                            )
                        ],
                        className="report-meta",
                        title=format_time_iso(report.created_at),
                    ),
                ],
                className="report-text",
            ),
            _made_again(report, number) if is_gone else download_link(report),
        ],
        className="report-item",
    )


def _opening(report: StoredReport) -> Component:
    return html.A(
        report.title,
        href=f"{download_address(report)}?inline",
        target="_blank",
        rel="noopener",
        className="report-title",
        title="Open in a new tab",
    )


def _made_again(report: StoredReport, number: int | None) -> Component:
    words = html.Span(f"The file {report.filename} is gone. ", className="report-summary")
    again = link_button("Make it again", f"/reports?run={number}") if number is not None else None
    return html.Div([words, again])
