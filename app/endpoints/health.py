"""/healthz: whether the server answers and its database can be read."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app import data
from app.documented import documented
from engine.contract.health import Health
from engine.domain.result import ResultFilter
from engine.storage import results

health = Blueprint("health", __name__)


@health.get("/healthz")
@documented("health", ok=Health)
def healthz() -> Response:
    """Whether the server answers and its database can be read."""
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        stored = results.count(cursor, ResultFilter())
    active = len(workbench.supervisor.active())
    answer: Health = {
        "status": "ok",
        "results": stored,
        "active_runs": active,
        "database_version": workbench.database.version,
    }
    return jsonify(answer)
