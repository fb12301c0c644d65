"""/api/keys and /api/audit."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.rate_limits import STRANGERS_ENTRIES
from engine.domain.api_key import Role
from engine.domain.key_secret import make_secret
from tests.app.stand_in import StandInWorkbench

ADMIN_NAME = "the admin"


@pytest.fixture
def admin(bench: StandInWorkbench) -> dict[str, str]:
    return {"Authorization": f"Bearer {bench.keys.create(ADMIN_NAME, Role.ADMIN).secret}"}


def entries(client: FlaskClient, admin: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/audit{query}", headers=admin).json["entries"]
    return found


def test_a_secret_is_shown_once_and_opens_what_its_role_may(locked: Flask, admin: dict[str, str]) -> None:
    client = locked.test_client()
    made = client.post("/api/keys", json={"name": "ci", "role": "operator", "expires": "90d"}, headers=admin)
    assert made.status_code == 201 and made.headers["Cache-Control"] == "no-store"
    secret = made.json["secret"]
    listed = client.get("/api/keys", headers=admin)
    assert [(key["name"], key["role"], key["state"]) for key in listed.json["keys"]] == [
        (ADMIN_NAME, "admin", "active"),
        ("ci", "operator", "active"),
    ]
    assert "secret" not in listed.text and secret not in listed.text and "argon2" not in listed.text
    own = {"Authorization": f"Bearer {secret}"}
    assert client.post("/api/benchmark/run", json={"models": ["bert"]}, headers=own).status_code == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x", "role": "king"}, 422),
        ({"name": "", "role": "viewer"}, 422),
        ({"name": "x" * 61, "role": "viewer"}, 422),
        ({"name": "a\nb", "role": "viewer"}, 422),
        ({"name": "x", "role": "viewer", "expires": "soon"}, 422),
        ({"name": "x", "role": "viewer", "secret": "mine"}, 422),
        ({"role": "viewer"}, 422),
        ([], 400),
    ],
)
def test_a_key_that_cannot_be_is_refused(
    locked: Flask, admin: dict[str, str], bench: StandInWorkbench, body: Any, status: int
) -> None:
    answer = locked.test_client().post("/api/keys", json=body, headers=admin)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert len(bench.keys.everything()) == 1


def test_a_secret_that_lands_in_the_wrong_place_is_not_repeated(locked: Flask, admin: dict[str, str]) -> None:
    client, secret = locked.test_client(), make_secret().secret
    answers = [
        client.post("/api/keys", json={"name": "x", "role": secret}, headers=admin),
        client.post("/api/keys", json={secret: 1}, headers=admin),
        client.post(f"/api/keys/{secret}/revoke", headers=admin),
        client.get(f"/api/{secret}", headers=admin),
        client.delete(f"/api/keys/{secret}", headers=admin),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 404, 404, 404]
    end = secret.rpartition("_")[2]
    assert not [answer.text for answer in answers if end in answer.text]
    assert end not in str(entries(client, admin))


def test_the_last_admin_cannot_lock_everybody_out(
    locked: Flask, admin: dict[str, str], bench: StandInWorkbench
) -> None:
    client = locked.test_client()
    (key,) = bench.keys.everything()
    refused = client.post(f"/api/keys/{key.key_id}/revoke", headers=admin)
    assert refused.status_code == 409 and "make another one for admin first" in refused.json["detail"]
    client.post("/api/keys", json={"name": "second", "role": "admin"}, headers=admin)
    assert client.post(f"/api/keys/{key.key_id}/revoke", headers=admin).json["state"] == "revoked"
    assert client.get("/api/keys", headers=admin).status_code == 401


def test_where_no_keys_are_demanded_any_may_be_revoked(client: FlaskClient, bench: StandInWorkbench) -> None:
    made = bench.keys.create("alice", Role.ADMIN)
    assert client.post(f"/api/keys/{made.key.key_id}/revoke").json["state"] == "revoked"
    assert client.post(f"/api/keys/{made.key.key_id}/revoke").status_code == 200, "once more does no harm"
    assert client.post("/api/keys/abcdefghij12/revoke").status_code == 404


def test_changes_enter_the_audit_newest_first_and_reading_does_not(locked: Flask, admin: dict[str, str]) -> None:
    client = locked.test_client()
    client.get("/api/benchmark/runs", headers=admin)
    client.post("/api/benchmark/run", json={"models": ["bert"]}, headers=admin)
    client.post("/api/benchmark/run", json={"models": ["bret"]}, headers=admin)
    client.post("/api/benchmark/run?models=secret", json={"models": ["bert"]})
    found = entries(client, admin)
    assert [(entry["path"], entry["status"], entry["actor"]) for entry in found] == [
        ("/api/benchmark/run", 401, "nobody known"),
        ("/api/benchmark/run", 422, ADMIN_NAME),
        ("/api/benchmark/run", 202, ADMIN_NAME),
    ]
    assert {entry["address"] for entry in found} == {"127.0.0.1"} and found[0]["key_id"] is None
    assert len(entries(client, admin, "?limit=1")) == 1
    assert client.get("/api/audit?limit=0", headers=admin).status_code == 422


def test_on_loopback_the_audit_says_that_no_key_was_used(client: FlaskClient) -> None:
    client.post("/api/benchmark/run", json={"models": ["bert"]})
    (entry,) = client.get("/api/audit").json["entries"]
    assert (entry["actor"], entry["key_id"]) == ("this machine, without a key", None)


def test_strangers_cannot_fill_the_audit(locked: Flask, admin: dict[str, str]) -> None:
    client = locked.test_client()
    for _ in range(STRANGERS_ENTRIES + 200):
        client.post("/api/benchmark/run", json={})
    client.post("/api/benchmark/run", json={"models": ["bert"]}, headers=admin)
    found = entries(client, admin, "?limit=1000")
    assert found[0]["status"] == 202
    assert STRANGERS_ENTRIES < len(found) < STRANGERS_ENTRIES + 100


def test_a_request_does_not_wait_for_the_audit(locked: Flask, admin: dict[str, str], bench: StandInWorkbench) -> None:
    client, release = locked.test_client(), threading.Event()
    client.post("/api/benchmark/cancel/none", headers=admin)
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(bench.database.write, lambda cursor: release.wait(20))
        began = time.perf_counter()
        statuses = {client.post("/api/benchmark/cancel/none", headers=admin).status_code for _ in range(20)}
        took = time.perf_counter() - began
        release.set()
        assert busy.result() and statuses == {404} and took < 5.0
    assert len(entries(client, admin)) == 21
