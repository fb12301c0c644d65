"""/api/benchmark/reports: list, make and download reports."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_file
from pydantic import BaseModel

from app import data
from app.endpoints.json_body import read_body
from app.endpoints.payloads import report_payload
from app.security import REPORT_POLICY
from engine.errors import NotFound
from engine.storage import reports as stored_reports
from engine.workflows.make_report import make_report

reports = Blueprint("reports", __name__, url_prefix="/api/benchmark/reports")


class ReportBody(BaseModel):
    run_id: str


@reports.get("")
def list_reports() -> Response:
    with data.workbench().database.cursor() as cursor:
        found = stored_reports.recent(cursor)
    return jsonify({"reports": [report_payload(report) for report in found]})


@reports.post("")
def create_report() -> tuple[Response, int, dict[str, str]]:
    body = read_body(ReportBody)
    made = report_payload(make_report(data.workbench(), body.run_id))
    return jsonify(made), HTTPStatus.CREATED, {"Location": made["download"]}


@reports.get("/<report_id>")
def download_report(report_id: str) -> Response:
    """The file itself; `?inline` opens it in the browser instead of saving it."""
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
