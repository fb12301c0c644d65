"""A program that starts a server buys one key of it with a token, once; everybody else needs a key."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from flask import Flask

from app.access import EXTENSION, Access
from app.access_rules import AccessRules
from app.one_time_token import LIFE_SECONDS, VARIABLE, OneTimeToken, digest_of_token_in
from app.rate_limits import FAILURES
from engine.domain.api_key import Role
from engine.errors import InvalidValue, KeyRefused, Overloaded
from tests.app.stand_in import StandInWorkbench

TOKEN = "t0ken-_" * 6
DIGEST = hashlib.sha256(TOKEN.encode()).digest()
RUNS, RUN, BODY = "/api/benchmark/runs", "/api/benchmark/run", {"models": ["bert"]}


@pytest.fixture
def started(app: Flask) -> Flask:
    """The application as a program started it."""
    app.extensions[EXTENSION] = Access.under(AccessRules(token_digest=DIGEST, origins=("app://desktop",)))
    return app


def redeem(app: Flask, token: str = TOKEN, headers: dict[str, str] | None = None, **more: str):
    return app.test_client().post("/api/session", json={"token": token, **more}, headers=headers or {})


def bearing(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_the_token_leaves_the_environment_and_is_kept_as_a_digest() -> None:
    environment = {VARIABLE: TOKEN, "PATH": "/bin"}
    assert digest_of_token_in(environment) == DIGEST
    assert environment == {"PATH": "/bin"} and digest_of_token_in(environment) is None
    assert repr(DIGEST) not in repr(AccessRules(token_digest=DIGEST))


@pytest.mark.parametrize("token", ["", "short", "x" * 31, "x" * 201, f"{TOKEN} ", f"{TOKEN}ä"])
def test_a_token_that_could_be_guessed_is_refused_and_not_quoted(token: str) -> None:
    environment = {VARIABLE: token}
    with pytest.raises(InvalidValue, match="32 to 200 letters") as refused:
        digest_of_token_in(environment)
    assert not token or token not in refused.value.message
    assert environment == {}


def test_a_token_is_worth_nothing_after_it_was_used_and_after_minutes() -> None:
    time = [0.0]
    token = OneTimeToken(DIGEST, now=lambda: time[0])
    with pytest.raises(KeyRefused):
        token.spend(TOKEN + "x")
    spent = token.spend(TOKEN)
    with pytest.raises(KeyRefused, match="was used before"):
        token.spend(TOKEN)
    token.give_back(spent)
    time[0] = LIFE_SECONDS
    with pytest.raises(KeyRefused, match="older than 5 minutes"):
        token.spend(TOKEN)


def test_it_buys_a_key_that_opens_the_server_and_is_in_no_file(started: Flask, bench: StandInWorkbench) -> None:
    answer = redeem(started)
    assert (answer.status_code, answer.json["role"], answer.headers["Cache-Control"]) == (201, "operator", "no-store")
    key = bearing(answer.json["secret"])
    assert started.test_client().get(RUNS, headers=key).status_code == 200
    assert started.test_client().post(RUN, json=BODY, headers=key).status_code == 202
    assert started.test_client().get("/api/keys", headers=key).status_code == 403
    assert bench.bookkeeping.flush()
    with bench.database.cursor() as cursor:
        assert cursor.execute("select count(*) from api_key").fetchone() == (0,)


def test_a_second_time_it_buys_nothing(started: Flask) -> None:
    assert redeem(started).status_code == 201
    answer = redeem(started)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert "opens nothing" in answer.json["detail"] and TOKEN not in answer.text


def test_a_key_for_an_admin_takes_to_ask_for_one(started: Flask) -> None:
    admin = bearing(redeem(started, role="admin").json["secret"])
    (listed,) = started.test_client().get("/api/keys", headers=admin).json["keys"]
    assert (listed["name"], listed["role"], listed["state"]) == ("program that started the server", "admin", "active")


def test_with_a_token_everybody_else_needs_a_key(started: Flask, bench: StandInWorkbench) -> None:
    stranger = started.test_client()
    assert stranger.get(RUNS).status_code == 401
    assert stranger.get("/").headers["Location"].startswith("/login")
    assert stranger.post(RUN, json=BODY).status_code == 401
    assert stranger.get(RUNS, headers=bearing(TOKEN)).status_code == 401, "the token itself is no key"
    alice = bench.keys.create("alice", Role.VIEWER).secret
    assert stranger.get(RUNS, headers=bearing(alice)).status_code == 200


def test_the_key_signs_a_window_in(started: Flask) -> None:
    window = started.test_client()
    assert window.post("/login", data={"key": redeem(started).json["secret"]}).status_code == 303
    assert window.get(RUNS).status_code == 200


def test_no_web_page_trades_the_token_even_if_it_knew_it(started: Flask) -> None:
    assert redeem(started, headers={"Origin": "https://evil.example"}).status_code == 403
    assert redeem(started).status_code == 201


def test_guessing_is_slowed_down_and_does_not_use_the_token_up(started: Flask) -> None:
    answers = [redeem(started, token=f"{number:032}").status_code for number in range(FAILURES + 1)]
    assert answers == [401] * FAILURES + [429]
    assert redeem(started).status_code == 429
    started.extensions[EXTENSION].limits.attempt_was_right("127.0.0.1")
    assert redeem(started).status_code == 201


def test_where_there_never_was_a_token_none_is_right(locked: Flask) -> None:
    assert redeem(locked).status_code == 401


def test_a_server_too_busy_to_make_the_key_does_not_use_the_token_up(started: Flask, bench: StandInWorkbench) -> None:
    class Busy:
        def lend(self, name: str, role: Role) -> None:
            raise Overloaded("Too many keys are being verified at once.")

    keys = bench.keys
    bench.keys = Busy()
    assert redeem(started).status_code == 503
    bench.keys = keys
    assert redeem(started).status_code == 201


def test_who_used_it_and_who_tried_stands_in_the_audit_without_it(started: Flask, bench: StandInWorkbench) -> None:
    redeem(started, token="x" * 32)
    secret = redeem(started, role="admin").json["secret"]
    answer = started.test_client().get("/api/audit", headers=bearing(secret))
    said = [(entry["action"], entry["status"], entry["actor"]) for entry in answer.json["entries"]]
    assert said == [
        ("use the one-time token", 201, "program that started the server"),
        ("use the one-time token", 401, "nobody known"),
    ]
    assert TOKEN not in answer.text and secret not in answer.text


def test_it_is_for_this_machine_alone() -> None:
    with pytest.raises(InvalidValue, match=r"0\.0\.0\.0 can be reached by others"):
        AccessRules(host="0.0.0.0", token_digest=DIGEST)


def test_a_lent_key_can_be_revoked(bench: StandInWorkbench) -> None:
    made = bench.keys.lend("somebody", Role.ADMIN)
    assert bench.keys.authenticate(made.secret).key_id == made.key.key_id
    revoked = bench.keys.revoke(made.key.key_id)
    assert revoked.revoked_at is not None and revoked.revoked_at <= datetime.now(UTC)
    with pytest.raises(KeyRefused, match="was revoked"):
        bench.keys.authenticate(made.secret)
