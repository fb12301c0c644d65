"""/api/benchmark/calibration: what the meters of the server's machine are worth, and finding it out anew."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, StrictBool

from app import data
from app.endpoints.json_body import read_body
from app.endpoints.payloads import calibration_progress_payload
from engine.workflows.calibrate import counting_calibration, newest_calibration
from engine.workflows.calibration_rows import calibration_row

calibration = Blueprint("calibration", __name__, url_prefix="/api/benchmark/calibration")


class CalibrationBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    quick: StrictBool = False
    """Fewer trials of verdicts."""


@calibration.get("")
def read_calibration() -> Response:
    """The one of this machine that counts and the newest, null before the first; and how far one under way has come,
    null without.

    A full one counts until another is made, whatever quick ones come after it, for a month.
    """
    workbench = data.workbench()
    found, newest = counting_calibration(workbench), newest_calibration(workbench)
    state = workbench.calibration.state
    return jsonify(
        {
            "calibration": calibration_row(found) if found is not None else None,
            "newest": calibration_row(newest) if newest is not None else None,
            "under_way": calibration_progress_payload(state),
            "error": state.error,
        }
    )


@calibration.post("")
def start_calibration() -> tuple[Response, int, dict[str, str]]:
    """Begin one; 409 while one is under way."""
    body = read_body(CalibrationBody)
    job = data.workbench().calibration
    job.start(quick=body.quick)
    answer = {"status": "running", "message": "The calibration has begun; nothing else is measured meanwhile."}
    return jsonify(answer), HTTPStatus.ACCEPTED, {"Location": "/api/benchmark/calibration"}


@calibration.post("/cancel")
def cancel_calibration() -> Response:
    """Stop the one under way, of which nothing is kept; 409 without one."""
    data.workbench().calibration.cancel()
    return jsonify({"status": "cancelling", "message": "The calibration is stopping."})
