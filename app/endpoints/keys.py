"""/api/keys: make, list and revoke API keys; for admins."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict

from app import data
from app.access import access
from app.authorization import require
from app.endpoints.json_body import read_body
from engine.domain.api_key import Role, parse_lifetime
from engine.workflows.key_rows import key_row

keys = Blueprint("keys", __name__, url_prefix="/api/keys")


class KeyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    role: Role
    expires: str | None = None
    """Lifetime, such as 90d; null for a key that does not expire."""


@keys.before_request
def for_admins() -> None:
    require(Role.ADMIN, to="manage keys")


@keys.get("")
def list_keys() -> Response:
    """Every key that was ever made, oldest first; never a secret."""
    now = datetime.now(UTC)
    return jsonify({"keys": [key_row(key, now=now) for key in data.workbench().keys.everything()]})


@keys.post("")
def create_key() -> tuple[Response, int, dict[str, str]]:
    """A new key; its secret is in this answer and can never be read again."""
    body = read_body(KeyBody)
    lifetime = parse_lifetime(body.expires) if body.expires is not None else None
    made = data.workbench().keys.create(body.name, body.role, lifetime=lifetime)
    answer = {**key_row(made.key, now=datetime.now(UTC)), "secret": made.secret}
    return jsonify(answer), HTTPStatus.CREATED, {"Location": "/api/keys"}


@keys.post("/<key_id>/revoke")
def revoke_key(key_id: str) -> Response:
    """The key opens nothing from now on; 409 for the last admin's where keys are demanded. Its sessions end."""
    here = access()
    key = data.workbench().keys.revoke(key_id, keep_an_admin=here.rules.demands_keys)
    here.sessions.end_those_of(key_id)
    return jsonify(key_row(key, now=datetime.now(UTC)))
