"""Every request that is to change something enters the audit: who, what, when and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Flask, Response, g, request

from app import data
from app.access import access
from app.authentication import STRANGER, Identity, client_address
from app.authorization import READING, is_reading
from engine.domain.audit import AuditEntry
from engine.domain.key_secret import without_secrets

_MOST_PATH = 300


def keep(app: Flask) -> None:
    """Hand entries to the bookkeeping of the workbench, which writes them later: no request waits for it."""

    @app.after_request
    def record(response: Response) -> Response:
        who: Identity = g.get("identity", STRANGER)
        if _is_change(response) and (who is not STRANGER or access().limits.may_note_stranger()):
            data.workbench().bookkeeping.record(_entry(who, response))
        return response


def _is_change(response: Response) -> bool:
    """The dashboard reads with POST too; its callbacks that change something, and what opens a way in, have said so.

    What was refused for asking too often is left out: it would push everything else out.
    """
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return False
    return not is_reading() or (request.method not in READING and g.get("action") is not None)


def _entry(who: Identity, response: Response) -> AuditEntry:
    # A callback that is refused answers with a notice, and so with 200.
    status = HTTPStatus.FORBIDDEN.value if g.get("was_refused") else response.status_code
    return AuditEntry(
        asked_at=datetime.now(UTC),
        method=request.method,
        path=without_secrets(request.path)[:_MOST_PATH],
        action=g.get("action"),
        status=status,
        key_id=who.key_id,
        actor=who.name,
        address=client_address(),
    )
