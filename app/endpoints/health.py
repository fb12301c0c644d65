"""/healthz: whether the server answers and its database can be read, and /readyz: whether it can take work; strangers
learn no more than that."""

from __future__ import annotations

import threading
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify

from app import data
from app.authentication import STRANGER, identity
from app.documented import documented
from app.problems import problem
from engine.contract.health import Health, Ready
from engine.domain.result import ResultFilter
from engine.errors import EngineError
from engine.storage import results

STOPPING = "modeldyno-stopping"
"""Key in Flask's `extensions` of the event that is set once the server is told to stop, before anything else ends."""
_WRITE_SECONDS = 3.0
_RETRY_SECONDS = 5

health = Blueprint("health", __name__)


@health.get("/healthz")
@documented("health", ok=Health)
def healthz() -> Response:
    """Whether the server answers and its database can be read."""
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        stored = results.count(cursor, ResultFilter())
    answer: Health = {"status": "ok"}
    if identity() is STRANGER:
        return jsonify(answer)
    active = len(workbench.supervisor.active())
    answer = {
        "status": "ok",
        "results": stored,
        "active_runs": active,
        "database_version": workbench.database.version,
    }
    return jsonify(answer)


@health.get("/readyz")
@documented("health", ok=Ready)
def readyz() -> Response:
    """Whether the server takes work; 503 with every reason why a run that is asked for now could not be carried out."""
    reasons = _reasons_against()
    if not reasons:
        answer: Ready = {"status": "ready"}
        return jsonify(answer)
    if identity() is STRANGER:
        reasons = ["The server takes no work now."]
    refusal = problem(HTTPStatus.SERVICE_UNAVAILABLE, "Not ready", " ".join(reasons), reasons=reasons)
    refusal.headers["Retry-After"] = str(_RETRY_SECONDS)
    return refusal


def _reasons_against() -> list[str]:
    stopping: threading.Event = current_app.extensions[STOPPING]
    if stopping.is_set():
        return ["The server is stopping; it takes no more work."]
    workbench = data.workbench()
    reasons: list[str] = []
    try:
        workbench.database.check_writable(timeout_seconds=_WRITE_SECONDS)
    except EngineError as error:
        reasons.append(error.message)
    try:
        runnable = bool(workbench.catalog.types)
    except EngineError as error:
        reasons.append(error.message)
    else:
        if not runnable:
            reasons.append("The catalogue holds no model type; install the transformers library, then restart.")
    return reasons
