"""/api/benchmark/calibration: what the meters of the server's machine are worth, and finding it out anew."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from app import data
from app.documented import documented
from app.endpoints.json_body import read_body
from app.endpoints.payloads import calibration_progress_payload
from app.endpoints.query_string import refuse_query
from engine.analysis.calibration import FAMILY
from engine.contract.calibration import CalibrationMessage, Calibrations
from engine.reports.calibration_words import MOST_TRIALS
from engine.workflows.calibrate import GROUPS, QUICK_GROUPS, counting_calibration, newest_calibration
from engine.workflows.calibration_rows import calibration_row

calibration = Blueprint("calibration", __name__, url_prefix="/api/benchmark/calibration")


class CalibrationBody(BaseModel):
    """How many trials of verdicts are made."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    quick: StrictBool = False
    """Fewer trials of verdicts than usual."""
    groups: StrictInt | None = Field(default=None, ge=FAMILY, le=MOST_TRIALS)
    """So many trials of verdicts, instead of `quick`."""

    @model_validator(mode="after")
    def _says_it_once(self) -> CalibrationBody:
        if self.quick and self.groups is not None:
            raise ValueError("quick and groups both say how many trials are made; give one of them.")
        return self


@calibration.get("")
@documented("calibration", ok=Calibrations)
def read_calibration() -> Response:
    """The calibration of this machine that counts, the newest, and how far one under way has come.

    One counts for a month, until one with as many trials or more is made.
    """
    refuse_query()
    workbench = data.workbench()
    found, newest = counting_calibration(workbench), newest_calibration(workbench)
    state = workbench.calibration.state
    answer: Calibrations = {
        "calibration": calibration_row(found) if found is not None else None,
        "newest": calibration_row(newest) if newest is not None else None,
        "under_way": calibration_progress_payload(state),
        "error": state.error,
    }
    return jsonify(answer)


@calibration.post("")
@documented("calibration", accepted=CalibrationMessage, body=CalibrationBody, problems=(HTTPStatus.CONFLICT,))
def start_calibration() -> tuple[Response, int, dict[str, str]]:
    """Begin one; 409 while one is under way."""
    body = read_body(CalibrationBody)
    job = data.workbench().calibration
    job.start(groups=body.groups or (QUICK_GROUPS if body.quick else GROUPS))
    answer: CalibrationMessage = {
        "status": "running",
        "message": "The calibration has begun; nothing else is measured meanwhile.",
    }
    return jsonify(answer), HTTPStatus.ACCEPTED, {"Location": "/api/benchmark/calibration"}


@calibration.post("/cancel")
@documented("calibration", ok=CalibrationMessage, problems=(HTTPStatus.CONFLICT,))
def cancel_calibration() -> Response:
    """Stop the one under way, of which nothing is kept; 409 without one."""
    refuse_query()
    data.workbench().calibration.cancel()
    answer: CalibrationMessage = {"status": "cancelling", "message": "The calibration is stopping."}
    return jsonify(answer)
