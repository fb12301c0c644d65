"""/healthz: whether the server answers and its database can be read; strangers learn no more than that."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app import data
from app.authentication import STRANGER, identity
from engine.domain.result import ResultFilter
from engine.storage import results

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        stored = results.count(cursor, ResultFilter())
    if identity() is STRANGER:
        return jsonify({"status": "ok"})
    active = len(workbench.supervisor.active())
    return jsonify(
        {"status": "ok", "results": stored, "active_runs": active, "database_version": workbench.database.version}
    )
