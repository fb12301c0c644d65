"""Reports that were made, and what a new one will hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from app.views.empty_state import empty_state
from app.views.icon import icon
from app.views.run_words import request_words
from engine.domain.report import StoredReport
from engine.domain.run import Run
from engine.formatting import counted, format_count, format_file_size, format_time, format_time_iso


def report_list_title(reports: Sequence[StoredReport]) -> str:
    if not reports:
        return "Reports"
    return f"{counted(len(reports), 'report')}; each opens offline"


def report_list(reports: Sequence[StoredReport], run_numbers: Mapping[str, int], now: datetime) -> Component:
    """Newest first; `run_numbers` maps run ids to what people call them."""
    if not reports:
        return empty_state(
            "No report yet",
            "A report is one file with the charts, every number with its interval, the machine and the method. "
            "Choose a run and press Make report; it takes about a second.",
        )
    return html.Ul([_item(report, run_numbers, now) for report in reports], className="report-list")


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


def _item(report: StoredReport, run_numbers: Mapping[str, int], now: datetime) -> Component:
    number = run_numbers.get(report.run_id)
    run = f"run {number} · " if number is not None else ""
    return html.Li(
        [
            html.Div(
                [
                    html.A(
                        report.title,
                        href=f"{download_address(report)}?inline",
                        target="_blank",
                        rel="noopener",
                        className="report-title",
                        title="Open in a new tab",
                    ),
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
            download_link(report),
        ],
        className="report-item",
    )
