"""/api/audit: who changed what; for admins."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app import data
from app.authorization import require
from app.documented import documented
from app.endpoints.query_string import read_query
from engine.contract.keys import AuditEntries, AuditQuery, AuditRow
from engine.domain.api_key import Role
from engine.domain.audit import AuditEntry
from engine.storage import audit as stored_audit

audit = Blueprint("audit", __name__, url_prefix="/api/audit")


@audit.get("")
@documented("audit", ok=AuditEntries, query=AuditQuery)
def list_entries() -> Response:
    """The last changes that were asked for, newest first; `lost` counts what this server could not keep."""
    require(Role.ADMIN, to="read the audit")
    limit = read_query(AuditQuery).limit
    workbench = data.workbench()
    workbench.bookkeeping.flush(timeout=1.0)
    with workbench.database.cursor() as cursor:
        entries = stored_audit.newest(cursor, limit=limit)
    answer: AuditEntries = {
        "entries": [_row(entry) for entry in entries],
        "limit": limit,
        "lost": workbench.bookkeeping.lost,
    }
    return jsonify(answer)


def _row(entry: AuditEntry) -> AuditRow:
    return {
        "asked_at": entry.asked_at.isoformat(),
        "method": entry.method,
        "path": entry.path,
        "action": entry.action,
        "status": entry.status,
        "key_id": entry.key_id,
        "actor": entry.actor,
        "address": entry.address,
    }
