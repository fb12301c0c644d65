"""Who gets in where keys are demanded, who on loopback where they are not, and how others are refused."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.access import EXTENSION, Access
from app.access_rules import AccessRules
from app.authorization import is_reading, only_reads
from app.rate_limits import FAILURES
from app.security import guard
from engine.domain.api_key import ApiKey, Role
from engine.domain.key_secret import make_secret
from engine.errors import Overloaded
from engine.workflows.manage_keys import KeyRing, MadeKey
from tests.app.stand_in import StandInWorkbench

RUNS = "/api/benchmark/runs"
RUN = "/api/benchmark/run"
BODY = {"models": ["bert"]}


def bearing(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def made(bench: StandInWorkbench) -> dict[Role, MadeKey]:
    """A key for each role."""
    return {role: bench.keys.create(f"the {role}", role) for role in Role}


def assert_refused(answer: TestResponse, *unsaid: str) -> None:
    """As a problem that says which credentials are understood, and quotes none."""
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="ModelDyno API"')
    for text in unsaid:
        assert text not in answer.text and text not in str(answer.headers)


@pytest.mark.parametrize(
    ("role", "request_of", "status"),
    [
        (Role.VIEWER, ("GET", RUNS), 200),
        (Role.VIEWER, ("HEAD", RUNS), 200),
        (Role.VIEWER, ("POST", RUN), 403),
        (Role.VIEWER, ("GET", "/api/keys"), 403),
        (Role.VIEWER, ("GET", "/api/audit"), 403),
        (Role.OPERATOR, ("GET", RUNS), 200),
        (Role.OPERATOR, ("POST", RUN), 202),
        (Role.OPERATOR, ("GET", "/api/keys"), 403),
        (Role.OPERATOR, ("POST", "/api/keys"), 403),
        (Role.OPERATOR, ("POST", "/api/keys/abcdefghij12/revoke"), 403),
        (Role.OPERATOR, ("GET", "/api/audit"), 403),
        (Role.ADMIN, ("POST", RUN), 202),
        (Role.ADMIN, ("GET", "/api/keys"), 200),
        (Role.ADMIN, ("GET", "/api/audit"), 200),
    ],
)
def test_each_role_may_what_it_may(
    locked: Flask, made: dict[Role, MadeKey], role: Role, request_of: tuple[str, str], status: int
) -> None:
    method, path = request_of
    body = {"json": BODY} if method == "POST" else {}
    answer = locked.test_client().open(path, method=method, headers=bearing(made[role].secret), **body)
    assert answer.status_code == status, answer.text
    if status == 403:
        needed = Role.OPERATOR if path == RUN else Role.ADMIN
        assert (answer.json["role"], f"takes the role {needed}" in answer.json["detail"]) == (needed, True)


def test_an_endpoint_that_takes_its_question_with_post_may_be_for_viewers() -> None:
    app = Flask("bare")
    guard(app, AccessRules(), policy="default-src 'none'")
    app.add_url_rule("/ask", view_func=only_reads(lambda: str(is_reading())), methods=["POST"], endpoint="ask")
    app.add_url_rule("/do", view_func=lambda: str(is_reading()), methods=["POST"], endpoint="do")
    assert [app.test_client().post(path).text for path in ("/ask", "/do")] == ["True", "False"]


def test_what_a_viewer_may_not_start_does_not_start(locked: Flask, made: dict[Role, MadeKey]) -> None:
    client, headers = locked.test_client(), bearing(made[Role.VIEWER].secret)
    for path in (RUN, "/api/benchmark/reports", "/api/benchmark/calibration", "/api/benchmark/cancel/1"):
        assert client.post(path, json=BODY, headers=headers).status_code == 403
    assert client.get(RUNS, headers=headers).json["runs"] == []


@pytest.mark.parametrize("path", [RUNS, "/api/nothing-of-that-kind", "/_dash-layout", "/_dash-dependencies"])
def test_strangers_learn_nothing(locked: Flask, path: str) -> None:
    assert_refused(locked.test_client().get(path))


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/assets/tokens.css", 200), ("/login", 200)])
def test_strangers_may_see_the_way_in_and_that_the_server_lives(locked: Flask, path: str, status: int) -> None:
    assert locked.test_client().get(path).status_code == status


def test_strangers_are_not_told_what_is_stored(locked: Flask, made: dict[Role, MadeKey]) -> None:
    client = locked.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert "results" in client.get("/healthz", headers=bearing(made[Role.VIEWER].secret)).json


@pytest.mark.parametrize("path", ["/", "/comparison?models=bert", "/nothing"])
def test_a_stranger_who_wants_a_page_is_led_to_the_login(locked: Flask, path: str) -> None:
    answer = locked.test_client().get(path)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/login?next=%2F")


def test_the_way_back_from_the_login_is_an_address_that_can_be_read(locked: Flask) -> None:
    models = ",".join(f"model_{number}" for number in range(700))
    answer = locked.test_client().get(f"/comparison?models={models}")
    assert answer.headers["Location"] == "/login?next=%2Fcomparison"


@pytest.mark.parametrize("path", ["/_dash-update-component", RUN, "/", "/api/keys"])
def test_strangers_change_nothing(locked: Flask, path: str) -> None:
    assert_refused(locked.test_client().post(path, json=BODY))


def wrong_end(secret: str) -> str:
    return secret[:-1] + ("a" if secret[-1] != "a" else "b")


SPOILT: dict[str, Callable[[str], str]] = {
    "another end": wrong_end,
    "another prefix": lambda secret: secret.replace("mdk_", "sk_"),
    "cut short": lambda secret: secret[:-3],
    "ten kilobytes": lambda secret: secret * 175,
    "no letters": lambda secret: f"{secret[:-2]}é\xff",
    "of another server": lambda secret: make_secret().secret,
    "nothing": lambda secret: "",
    "its id alone": lambda secret: "_".join(secret.split("_")[:2]),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_key_that_is_not_one_is_refused_everywhere(
    app: Flask, made: dict[Role, MadeKey], spoil: Callable[[str], str]
) -> None:
    """Also where none is demanded: whoever presents one means to be its holder, and not anybody."""
    secret = spoil(made[Role.ADMIN].secret)
    for rules in (AccessRules(), AccessRules(require_keys=True)):
        app.extensions[EXTENSION] = Access.under(rules)
        answer = app.test_client().get(RUNS, headers=bearing(secret))
        assert_refused(answer, *([secret] if secret else []))
        assert "error=invalid_" in answer.headers["WWW-Authenticate"]


def test_who_scrapes_without_a_key_is_refused_and_not_sent_to_a_form(locked: Flask, made: dict[Role, MadeKey]) -> None:
    client = locked.test_client()
    assert_refused(client.get("/metrics"))
    assert client.get("/metrics", headers=bearing(made[Role.VIEWER].secret)).status_code == 200
    assert client.get("/metrics/").status_code == 303, "a page that nobody serves"


@pytest.mark.parametrize("header", ["", "Basic YTpi", "mdk_abc", "Bearer", "bearer\tx", "Digest username=a"])
def test_credentials_of_another_kind_are_refused(app: Flask, header: str) -> None:
    assert_refused(app.test_client().get(RUNS, headers={"Authorization": header}))


def test_the_scheme_is_read_in_any_case(locked: Flask, made: dict[Role, MadeKey]) -> None:
    headers = {"Authorization": f"bEARER   {made[Role.VIEWER].secret} "}
    assert locked.test_client().get(RUNS, headers=headers).status_code == 200


def test_a_header_that_is_no_text_is_refused(locked: Flask, address: str) -> None:
    """Sent as bytes: the test client would not."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"GET /api/benchmark/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer mdk_\xff\xfe\x80\r\n"
            b"Connection: close\r\n\r\n"
        )
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 401 " in said.splitlines()[0] and b"\xff\xfe" not in said


def test_an_expired_key_is_refused(locked: Flask, bench: StandInWorkbench) -> None:
    made = bench.keys.create("short", Role.ADMIN, lifetime=timedelta(milliseconds=1))
    time.sleep(0.01)
    answer = locked.test_client().get(RUNS, headers=bearing(made.secret))
    assert_refused(answer, made.secret)
    assert "'short' expired" in answer.json["detail"]


def test_a_key_in_use_is_worth_nothing_once_it_is_revoked(locked: Flask, made: dict[Role, MadeKey]) -> None:
    client, admin = locked.test_client(), bearing(made[Role.ADMIN].secret)
    victim = made[Role.OPERATOR]
    assert client.get(RUNS, headers=bearing(victim.secret)).status_code == 200
    assert client.post(f"/api/keys/{victim.key.key_id}/revoke", headers=admin).json["state"] == "revoked"
    answer = client.get(RUNS, headers=bearing(victim.secret))
    assert_refused(answer, victim.secret)
    assert "was revoked" in answer.json["detail"]


def test_revoked_in_the_middle_of_many_requests(locked: Flask, made: dict[Role, MadeKey]) -> None:
    victim, admin = made[Role.VIEWER], bearing(made[Role.ADMIN].secret)

    def ask(_: int) -> tuple[float, int]:
        began = time.monotonic()
        return began, locked.test_client().get(RUNS, headers=bearing(victim.secret)).status_code

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(200)]
        locked.test_client().post(f"/api/keys/{victim.key.key_id}/revoke", headers=admin)
        revoked_at = time.monotonic()
        answers = [future.result() for future in asked]
        answers.append(ask(0))
    assert {status for began, status in answers if began > revoked_at} <= {401, 429}
    assert 500 not in {status for _, status in answers}


def test_on_loopback_nobody_needs_a_key_and_whoever_has_one_is_its_holder(
    client: FlaskClient, made: dict[Role, MadeKey]
) -> None:
    assert client.post(RUN, json=BODY).status_code == 202
    assert client.get("/api/keys").status_code == 200
    assert client.post(RUN, json=BODY, headers=bearing(made[Role.VIEWER].secret)).status_code == 403


def test_wrong_keys_are_counted_by_address_and_do_not_lock_out_who_is_known(
    locked: Flask, made: dict[Role, MadeKey]
) -> None:
    client, good = locked.test_client(), bearing(made[Role.VIEWER].secret)
    assert client.get(RUNS, headers=good).status_code == 200
    statuses = [client.get(RUNS, headers=bearing(make_secret().secret)) for _ in range(FAILURES + 2)]
    assert [answer.status_code for answer in statuses] == [401] * FAILURES + [429] * 2
    refused = statuses[-1]
    assert refused.mimetype == "application/problem+json" and 1 <= int(refused.headers["Retry-After"]) <= 5
    assert client.get(RUNS, headers=good).status_code == 200, "a key that was verified before"
    assert client.get(RUNS, headers=bearing(made[Role.ADMIN].secret)).status_code == 429, "one that was not"
    elsewhere: Any = {"REMOTE_ADDR": "127.0.0.9"}
    assert client.get(RUNS, headers=bearing(made[Role.ADMIN].secret), environ_overrides=elsewhere).status_code == 200


def test_many_requests_at_once_with_a_right_key_are_no_wrong_ones(locked: Flask, made: dict[Role, MadeKey]) -> None:
    good, at_once = bearing(made[Role.VIEWER].secret), 2 * FAILURES
    gate = threading.Barrier(at_once)

    def ask(_: int) -> int:
        client = locked.test_client()
        gate.wait(10)
        return client.get(RUNS, headers=good).status_code

    with ThreadPoolExecutor(at_once) as pool:
        assert list(pool.map(ask, range(at_once))) == [200] * at_once


def test_a_key_that_could_not_be_verified_is_no_wrong_one(
    locked: Flask, bench: StandInWorkbench, made: dict[Role, MadeKey]
) -> None:
    class BusyRing(KeyRing):
        def authenticate(self, secret: str) -> ApiKey:
            raise Overloaded("Too many keys are being verified at once.")

    client, good, ring = locked.test_client(), bearing(made[Role.VIEWER].secret), bench.keys
    bench.keys = BusyRing(bench.database, bench.bookkeeping)
    answers = [client.get(RUNS, headers=good).status_code for _ in range(FAILURES + 1)]
    assert answers == [503] * (FAILURES + 1)
    bench.keys = ring
    assert client.get(RUNS, headers=good).status_code == 200


def test_whoever_asks_too_often_is_told_when_to_come_back(app: Flask, made: dict[Role, MadeKey]) -> None:
    app.extensions[EXTENSION] = Access.under(AccessRules(require_keys=True, requests_per_second=5))
    client, busy = app.test_client(), bearing(made[Role.VIEWER].secret)
    answers = [client.get(RUNS, headers=busy) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert answers[-1].mimetype == "application/problem+json" and answers[-1].headers["Retry-After"] == "1"
    assert client.get(RUNS, headers=bearing(made[Role.OPERATOR].secret)).status_code == 200, "another key is another"


def test_status_may_be_polled_three_hundred_times_a_second(client: FlaskClient) -> None:
    run_id = client.post(RUN, json=BODY).json["run_id"]
    answers = {client.get(f"/api/benchmark/status/{run_id}").status_code for _ in range(1500)}
    assert answers == {200}


PREFLIGHT = {"Origin": "app://desktop", "Access-Control-Request-Method": "POST"}


def test_a_page_of_an_allowed_origin_may_ask_first_and_then_act_with_a_key(
    locked: Flask, made: dict[Role, MadeKey]
) -> None:
    client = locked.test_client()
    asked = client.options(RUN, headers=PREFLIGHT)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, "app://desktop")
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    done = client.post(RUN, json=BODY, headers={"Origin": "app://desktop"} | bearing(made[Role.OPERATOR].secret))
    assert (done.status_code, done.headers["Access-Control-Allow-Origin"]) == (202, "app://desktop")
    assert "Access-Control-Allow-Credentials" not in done.headers and "Origin" in done.headers["Vary"]
    refused = client.post(RUN, json=BODY, headers={"Origin": "app://desktop"})
    assert refused.status_code == 401 and refused.headers["Access-Control-Allow-Origin"] == "app://desktop"


@pytest.mark.parametrize("origin", ["app://desktop.evil", "APP://DESKTOP", "null", "https://evil.example", "*"])
def test_a_page_of_any_other_origin_is_answered_without_leave(
    locked: Flask, made: dict[Role, MadeKey], origin: str
) -> None:
    client, headers = locked.test_client(), {"Origin": origin} | bearing(made[Role.ADMIN].secret)
    answers = [
        client.options(RUN, headers=PREFLIGHT | headers),
        client.get(RUNS, headers=headers),
        client.post(RUN, json=BODY, headers=headers),
    ]
    assert [answer.status_code for answer in answers][2] == 403
    for answer in answers:
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118
        assert "Origin" in answer.headers["Vary"]


def test_a_name_that_the_server_was_told_of_is_its_own(locked: Flask, made: dict[Role, MadeKey]) -> None:
    client, key = locked.test_client(), bearing(made[Role.VIEWER].secret)
    assert client.get(RUNS, headers={"Host": "dyno.example"} | key).status_code == 200
    assert client.get(RUNS, headers={"Host": "other.example"} | key).status_code == 403
