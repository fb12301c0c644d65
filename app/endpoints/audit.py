"""/api/audit: who changed what; for admins."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from app import data
from app.authorization import require
from app.endpoints.parameters import known_parameters, limit_of
from engine.domain.api_key import Role
from engine.storage import audit as stored_audit

audit = Blueprint("audit", __name__, url_prefix="/api/audit")

MOST_ENTRIES = 10_000


@audit.get("")
def list_entries() -> Response:
    """The last changes that were asked for, newest first; `lost` counts what this server could not keep."""
    require(Role.ADMIN, to="read the audit")
    limit = limit_of(known_parameters("limit"), 100, MOST_ENTRIES)
    workbench = data.workbench()
    workbench.bookkeeping.flush(timeout=1.0)
    with workbench.database.cursor() as cursor:
        entries = stored_audit.newest(cursor, limit=limit)
    rows = [asdict(entry) | {"asked_at": entry.asked_at.isoformat()} for entry in entries]
    return jsonify({"entries": rows, "limit": limit, "lost": workbench.bookkeeping.lost})
