"""/api/benchmark/reports: list, make and download reports."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_file

from app import data
from app.documented import documented
from app.endpoints.json_body import read_body
from app.endpoints.payloads import report_payload
from app.endpoints.query_string import read_query, refuse_query
from app.endpoints.repeatable import repeatable
from app.security import REPORT_POLICY
from engine.contract.reports import ReportBody, ReportQuery, ReportRow, Reports, ReportsQuery
from engine.errors import NotFound
from engine.storage import reports as stored_reports
from engine.workflows.make_report import make_report

reports = Blueprint("reports", __name__, url_prefix="/api/benchmark/reports")


@reports.get("")
@documented("reports", ok=Reports, query=ReportsQuery)
def list_reports() -> Response:
    """The newest reports that were made, newest first."""
    limit = read_query(ReportsQuery).limit
    with data.workbench().database.cursor() as cursor:
        found = stored_reports.recent(cursor, limit=limit)
    answer: Reports = {"reports": [report_payload(report) for report in found]}
    return jsonify(answer)


@reports.post("")
@documented(
    "reports",
    created=ReportRow,
    body=ReportBody,
    problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    is_repeatable=True,
)
@repeatable
def create_report() -> tuple[Response, int, dict[str, str]]:
    """Make the report of a run that has ended."""
    body = read_body(ReportBody)
    made = report_payload(make_report(data.workbench(), body.run_id))
    return jsonify(made), HTTPStatus.CREATED, {"Location": made["download"]}


@reports.get("/<report_id>")
@documented("reports", ok="text/html", query=ReportQuery)
def download_report(report_id: str) -> Response:
    """The file of a report; `?inline` opens it in the browser instead of saving it."""
    refuse_query("inline")
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        report = stored_reports.get(cursor, report_id)
    path = workbench.settings.report_dir / Path(report.filename).name
    if not path.is_file():
        raise NotFound(f"The file of report {report_id} is gone from {path.parent}; make the report again.")
    answer = send_file(path, as_attachment="inline" not in request.args, download_name=path.name, conditional=True)
    answer.headers["Content-Security-Policy"] = REPORT_POLICY
    answer.headers["Cache-Control"] = "no-store"
    return answer
