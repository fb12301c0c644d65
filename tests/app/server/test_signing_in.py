"""A browser trades a key for a session, and changes nothing without the session's token."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import ids
from app.access import EXTENSION, Access
from app.access_rules import AccessRules
from app.authentication import CSRF_HEADER
from app.rate_limits import FAILURES
from engine.domain.api_key import Role
from engine.domain.key_secret import make_secret
from engine.domain.run import RunStatus
from tests.app.stand_in import StandInWorkbench
from tests.builders import a_request

RUNS = "/api/benchmark/runs"
RUN = "/api/benchmark/run"
BODY = {"models": ["bert"]}
SESSION, CSRF = "modeldyno_session", "modeldyno_csrf"


@pytest.fixture
def secret(bench: StandInWorkbench) -> str:
    return bench.keys.create("alice", Role.OPERATOR).secret


SignIn = Callable[..., FlaskClient]


@pytest.fixture
def sign_in(locked: Flask, secret: str) -> SignIn:
    """A browser that has signed in with a key, that of an operator unless another is given."""

    def browser(key: str = secret) -> FlaskClient:
        client = locked.test_client()
        answer = client.post("/login", data={"key": key}, headers={"Origin": "http://localhost"})
        assert answer.status_code == 303, answer.text
        return client

    return browser


def cookies_of(answer: TestResponse) -> dict[str, Morsel[str]]:
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.getlist("Set-Cookie"):
        jar.load(header)
    return dict(jar)


def token_of(client: FlaskClient) -> dict[str, str]:
    cookie = client.get_cookie(CSRF)
    assert cookie is not None
    return {CSRF_HEADER: cookie.value}


def test_a_session_is_kept_where_only_the_browser_and_this_site_reach_it(locked: Flask, secret: str) -> None:
    answer = locked.test_client().post("/login", data={"key": f" {secret}\n", "next": "/reports?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/reports?x=1")
    kept = cookies_of(answer)
    session, csrf = kept[SESSION], kept[CSRF]
    assert (session["httponly"], session["samesite"], session["path"]) == (True, "Strict", "/")
    assert (bool(csrf["httponly"]), csrf["samesite"]) == (False, "Strict")
    assert not session["secure"] and secret not in str(answer.headers) + answer.text


def test_over_https_the_cookies_never_travel_without_it(locked: Flask, secret: str) -> None:
    answer = locked.test_client().post("/login", data={"key": secret}, base_url="https://localhost")
    assert all(morsel["secure"] for morsel in cookies_of(answer).values())


def test_servers_on_several_ports_do_not_share_a_session() -> None:
    assert Access.under(AccessRules(port=8050)).cookie("session") == "modeldyno_session_8050"


def test_a_session_reads_and_with_its_token_changes(sign_in: SignIn) -> None:
    browser = sign_in()
    assert browser.get(RUNS).status_code == 200 and browser.get("/").status_code == 200
    assert browser.post(RUN, json=BODY, headers=token_of(browser)).status_code == 202


def test_leaving_takes_a_form_and_no_mere_link(sign_in: SignIn, locked: Flask) -> None:
    browser = sign_in()
    assert browser.get("/logout").status_code == 404 and browser.get(RUNS).status_code == 200
    assert locked.test_client().get("/logout").headers["Location"].startswith("/login?next=")


@pytest.mark.parametrize("token", [None, "", "x" * 43, "é\xff"])
@pytest.mark.parametrize("path", [RUN, "/_dash-update-component", "/logout"])
def test_without_the_token_a_session_changes_nothing(sign_in: SignIn, path: str, token: str | None) -> None:
    browser = sign_in()
    answer = browser.post(path, json=BODY, headers={} if token is None else {CSRF_HEADER: token})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert browser.get(RUNS).json["runs"] == []


def test_the_token_of_another_session_is_no_token(sign_in: SignIn) -> None:
    first, second = sign_in(), sign_in()
    assert first.post(RUN, json=BODY, headers=token_of(second)).status_code == 403


def test_the_token_alone_opens_nothing(sign_in: SignIn, locked: Flask) -> None:
    stranger = locked.test_client()
    assert stranger.post(RUN, json=BODY, headers=token_of(sign_in())).status_code == 401


def test_the_token_does_not_stand_for_the_origin(sign_in: SignIn) -> None:
    browser = sign_in()
    evil = {"Origin": "http://localhost:3000"} | token_of(browser)
    assert browser.post(RUN, json=BODY, headers=evil).status_code == 403


def test_another_site_cannot_sign_a_browser_in(locked: Flask, secret: str) -> None:
    answer = locked.test_client().post("/login", data={"key": secret}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403 and not cookies_of(answer)


def test_programs_with_a_key_need_no_token(locked: Flask, secret: str) -> None:
    answer = locked.test_client().post(RUN, json=BODY, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 202


def test_an_id_that_the_browser_brought_is_never_taken_over(locked: Flask, secret: str) -> None:
    browser = locked.test_client()
    browser.set_cookie(SESSION, "chosen-by-an-attacker")
    browser.post("/login", data={"key": secret})
    cookie = browser.get_cookie(SESSION)
    assert cookie is not None and cookie.value != "chosen-by-an-attacker"
    victim = locked.test_client()
    victim.set_cookie(SESSION, "chosen-by-an-attacker")
    assert victim.get(RUNS).status_code == 401


def test_signing_in_again_ends_the_session_before(sign_in: SignIn, locked: Flask, secret: str) -> None:
    browser = sign_in()
    before = browser.get_cookie(SESSION)
    browser.post("/login", data={"key": secret})
    old = locked.test_client()
    assert before is not None
    old.set_cookie(SESSION, before.value)
    assert old.get(RUNS).status_code == 401 and browser.get(RUNS).status_code == 200


def test_signing_out_ends_the_session_here_and_not_only_in_the_browser(sign_in: SignIn, locked: Flask) -> None:
    browser = sign_in()
    copied = browser.get_cookie(SESSION)
    page = browser.get("/login").text
    assert "Signed in as alice" in page
    answer = browser.post("/logout", data={"csrf_token": token_of(browser)[CSRF_HEADER]})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert browser.get_cookie(SESSION) is None and copied is not None
    thief = locked.test_client()
    thief.set_cookie(SESSION, copied.value)
    assert thief.get(RUNS).status_code == 401


def test_a_cookie_of_another_start_of_the_server_is_refused_and_deleted(sign_in: SignIn, locked: Flask) -> None:
    browser = sign_in()
    locked.extensions[EXTENSION] = Access.under(AccessRules(require_keys=True))
    answer = browser.get(RUNS)
    assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers
    assert browser.get_cookie(SESSION) is None


def test_an_old_cookie_does_not_lock_anybody_out_of_a_server_that_demands_no_keys(
    sign_in: SignIn, locked: Flask
) -> None:
    browser = sign_in()
    locked.extensions[EXTENSION] = Access.under(AccessRules())
    assert browser.get("/reports", follow_redirects=True).request.path == "/reports"
    assert browser.post(RUN, json=BODY).status_code == 202


def test_a_session_ends_with_its_key(sign_in: SignIn, bench: StandInWorkbench) -> None:
    browser = sign_in()
    (key,) = bench.keys.everything()
    bench.keys.revoke(key.key_id)
    assert browser.get(RUNS).status_code == 401


def test_revoking_over_the_endpoint_ends_the_sessions_themselves(
    sign_in: SignIn, locked: Flask, bench: StandInWorkbench, secret: str
) -> None:
    browser, admin = sign_in(), bench.keys.create("admin", Role.ADMIN)
    cookie = browser.get_cookie(SESSION)
    access: Access = locked.extensions[EXTENSION]
    assert cookie is not None and access.sessions.find(cookie.value) is not None
    key_id = next(key.key_id for key in bench.keys.everything() if key.name == "alice")
    headers = {"Authorization": f"Bearer {admin.secret}"}
    assert locked.test_client().post(f"/api/keys/{key_id}/revoke", headers=headers).status_code == 200
    assert access.sessions.find(cookie.value) is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_a_session_may_what_its_key_may(sign_in: SignIn, bench: StandInWorkbench, role: Role) -> None:
    browser = sign_in(bench.keys.create("bob", role).secret)
    started = browser.post(RUN, json=BODY, headers=token_of(browser)).status_code
    listed = browser.get("/api/keys").status_code
    assert (started, listed) == (202 if role.may(Role.OPERATOR) else 403, 200 if role is Role.ADMIN else 403)


def test_a_wrong_key_is_refused_on_the_page_and_quoted_nowhere(locked: Flask, secret: str) -> None:
    answer = locked.test_client().post("/login", data={"key": f"{secret}<script>"})
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert 'role="alert"' in answer.text and secret not in answer.text and "<script>" not in answer.text
    assert "WWW-Authenticate" in answer.headers and not cookies_of(answer)


def test_guessing_at_the_login_is_slowed_down(locked: Flask, secret: str) -> None:
    client = locked.test_client()
    answers = [client.post("/login", data={"key": make_secret().secret}) for _ in range(FAILURES + 1)]
    assert [answer.status_code for answer in answers] == [401] * FAILURES + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1 and "try again in" in answers[-1].text
    assert client.post("/login", data={"key": secret}).status_code == 429


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1", ""],
)
def test_signing_in_leads_nowhere_else(locked: Flask, secret: str, elsewhere: str) -> None:
    answer = locked.test_client().post("/login", data={"key": secret, "next": elsewhere})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_the_login_needs_no_script_and_is_sent_to_this_server_alone(locked: Flask) -> None:
    answer = locked.test_client().get("/login?next=/%22onload=%22")
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.count("<script") == 1 and "<style" not in answer.text and "style=" not in answer.text
    assert '"onload="' not in answer.text


def test_a_form_too_large_is_refused(locked: Flask) -> None:
    assert locked.test_client().post("/login", data={"key": "x" * 20_000}).status_code == 413


def callback(output: str, inputs: list[dict[str, Any]], state: list[dict[str, Any]], changed: str) -> dict[str, Any]:
    """A callback as the browser asks for it."""
    component, _, prop = output.rpartition(".")
    outputs = {"id": component, "property": prop}
    return {"output": output, "outputs": outputs, "inputs": inputs, "state": state, "changedPropIds": [changed]}


def cancelling(run_id: str) -> dict[str, Any]:
    pressed = {"id": ids.CANCEL_CONFIRM, "property": "n_clicks", "value": 1}
    target = {"id": ids.CANCEL_TARGET, "property": "data", "value": run_id}
    return callback(f"{ids.RUN_MESSAGE}.children", [pressed], [target], f"{ids.CANCEL_CONFIRM}.n_clicks")


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, "running"), (Role.OPERATOR, "cancelling")])
def test_a_callback_that_changes_something_takes_an_operator(
    sign_in: SignIn, bench: StandInWorkbench, role: Role, status: str
) -> None:
    run = bench.supervisor.submit(a_request())
    bench.supervisor.live[run.run_id].set_status(RunStatus.RUNNING)
    browser = sign_in(bench.keys.create("bob", role).secret)
    answer = browser.post("/_dash-update-component", json=cancelling(run.run_id), headers=token_of(browser))
    assert answer.status_code == 200, answer.text
    assert bench.supervisor.progress(run.run_id).run.status == status
    assert ("takes the role operator" in answer.text) is (role is Role.VIEWER)
    admin = {"Authorization": f"Bearer {bench.keys.create('admin', Role.ADMIN).secret}"}
    newest = browser.get("/api/audit?limit=1", headers=admin).json["entries"][0]
    assert (newest["action"], newest["actor"]) == ("cancel a run", "bob")
    assert newest["status"] == (403 if role is Role.VIEWER else 200)
