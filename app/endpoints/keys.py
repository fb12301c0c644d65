"""/api/keys: make, list and revoke API keys; for admins."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app import data
from app.access import access
from app.authorization import require
from app.documented import documented
from app.endpoints.json_body import read_body
from app.endpoints.query_string import refuse_query
from engine.contract.keys import KeyBody, KeyRow, Keys, MadeKey
from engine.domain.api_key import Role, parse_lifetime
from engine.workflows.key_rows import key_row

keys = Blueprint("keys", __name__, url_prefix="/api/keys")


@keys.before_request
def for_admins() -> None:
    require(Role.ADMIN, to="manage keys")


@keys.get("")
@documented("keys", ok=Keys)
def list_keys() -> Response:
    """Every key that was ever made, oldest first; never a secret."""
    refuse_query()
    now = datetime.now(UTC)
    answer: Keys = {"keys": [key_row(key, now=now) for key in data.workbench().keys.everything()]}
    return jsonify(answer)


@keys.post("")
@documented("keys", created=MadeKey, body=KeyBody)
def create_key() -> tuple[Response, int, dict[str, str]]:
    """Make a key; its secret is in this answer and can never be read again."""
    body = read_body(KeyBody)
    lifetime = parse_lifetime(body.expires) if body.expires is not None else None
    made = data.workbench().keys.create(body.name, body.role, lifetime=lifetime)
    answer: MadeKey = {**key_row(made.key, now=datetime.now(UTC)), "secret": made.secret}
    return jsonify(answer), HTTPStatus.CREATED, {"Location": "/api/keys"}


@keys.post("/<key_id>/revoke")
@documented("keys", ok=KeyRow, problems=(HTTPStatus.CONFLICT,))
def revoke_key(key_id: str) -> Response:
    """Revoke a key, which opens nothing from now on and whose sessions end.

    409 for the last admin's where keys are demanded.
    """
    refuse_query()
    here = access()
    key = data.workbench().keys.revoke(key_id, keep_an_admin=here.rules.demands_keys)
    here.sessions.end_those_of(key_id)
    return jsonify(key_row(key, now=datetime.now(UTC)))
