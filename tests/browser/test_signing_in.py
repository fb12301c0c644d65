"""Where keys are demanded: a person signs in, works, signs out; other sites cannot act in that person's name."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from engine.config import Settings
from engine.domain.api_key import Role
from engine.storage.bookkeeping import Bookkeeping
from engine.storage.database import Database
from engine.workflows.manage_keys import KeyRing
from tests.browser.conftest import PATIENCE, serving

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A server that demands keys, and one key for each role."""

    address: str
    secrets: dict[Role, str]

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """As a program with the admin's key."""
        headers = {"Authorization": f"Bearer {self.secrets[Role.ADMIN]}"}
        answer = httpx.request(method, self.address + path, headers=headers, timeout=30, trust_env=False, **options)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="module")
def locked() -> Iterator[Locked]:
    with tempfile.TemporaryDirectory(prefix="modeldyno-") as home:
        with closing(Database.open(Settings.load(home=Path(home)).db_path)) as database:
            ring = KeyRing(database, Bookkeeping(database))
            secrets = {role: ring.create(f"the-{role}", role).secret for role in Role}
        with serving(Path(home), "--require-keys") as address:
            yield Locked(address=address, secrets=secrets)


@pytest.fixture(autouse=True)
def patient(page: Page) -> Iterator[None]:
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


def sign_in(page: Page, secret: str) -> None:
    page.get_by_label("API key").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def enter(page: Page, locked: Locked, role: Role, path: str = "/reports") -> None:
    page.goto(locked.address + path)
    sign_in(page, locked.secrets[role])
    expect(page.locator(".top-bar")).to_be_visible()


def test_a_visitor_signs_in_asks_the_database_and_signs_out(page: Page, locked: Locked, complaints: list[str]) -> None:
    page.goto(f"{locked.address}/reports?x=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page, locked.secrets[Role.VIEWER])
    page.wait_for_url(f"{locked.address}/reports?x=1")
    page.locator("#sql-editor").fill("SELECT 6 * 7 AS answer")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".sql-answer .ag-row")).to_contain_text("42")
    page.get_by_role("link", name="Who is signed in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signed in as the-viewer")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(f"{locked.address}/reports")
    assert urlsplit(page.url).path == "/login"


def test_a_wrong_key_is_said_to_be_wrong_and_is_not_kept_in_the_page(page: Page, locked: Locked) -> None:
    page.goto(locked.address)
    sign_in(page, "mdk_wrong")
    expect(page.get_by_role("alert")).to_contain_text("not one of this server's")
    assert "mdk_wrong" not in page.content()
    assert page.context.cookies() == []


def test_scripts_cannot_read_the_session(page: Page, locked: Locked) -> None:
    enter(page, locked, Role.VIEWER)
    kept = {cookie["name"].rpartition("_")[0]: cookie for cookie in page.context.cookies()}
    session, csrf = kept["modeldyno_session"], kept["modeldyno_csrf"]
    assert (session["httpOnly"], session["sameSite"], csrf["sameSite"]) == (True, "Strict", "Strict")
    readable = page.evaluate("document.cookie")
    assert session["value"] not in readable and csrf["value"] in readable


def test_what_a_viewer_may_not_do_is_said_where_it_was_tried(page: Page, locked: Locked, complaints: list[str]) -> None:
    enter(page, locked, Role.VIEWER, "/trust")
    page.get_by_role("button", name="Calibrate now").click()
    expect(page.get_by_role("alert")).to_contain_text("takes the role operator")
    assert locked.ask("GET", "/api/benchmark/calibration")["under_way"] is None


def test_an_operator_may(page: Page, locked: Locked, complaints: list[str]) -> None:
    enter(page, locked, Role.OPERATOR, "/trust")
    page.get_by_role("button", name="Calibrate now").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Calibrate now")).to_be_visible()
    entries = locked.ask("GET", "/api/audit")["entries"]
    done = [(entry["action"], entry["actor"]) for entry in entries if entry["status"] == 200 and entry["action"]]
    assert done[:2] == [("cancel a calibration", "the-operator"), ("start a calibration", "the-operator")]


def test_when_the_key_is_revoked_an_open_page_leads_to_the_login_and_back(page: Page, locked: Locked) -> None:
    made = locked.ask("POST", "/api/keys", json={"name": "short-lived", "role": "viewer"})
    page.goto(f"{locked.address}/comparison")
    sign_in(page, made["secret"])
    expect(page.locator(".top-bar")).to_be_visible()
    locked.ask("POST", f"/api/keys/{made['key_id']}/revoke")
    page.wait_for_url(re.compile(r"/login\?next=%2Fcomparison"))  # the page asks by itself every two seconds
    sign_in(page, locked.secrets[Role.VIEWER])
    page.wait_for_url(re.compile(r"/comparison"))
    expect(page.locator(".top-bar")).to_be_visible()


@pytest.fixture
def other_site() -> Iterator[str]:
    """A page of another port of this machine: another origin, but the same site, so that cookies travel there."""

    class OtherPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><title>other</title><form method='post'></form>")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), OtherPage)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


_ASK_IN_ANOTHERS_NAME = """async ([address, token]) => {
  const plain = { method: "POST", credentials: "include", mode: "no-cors", body: JSON.stringify({ quick: true }) };
  await fetch(`${address}/api/benchmark/calibration`, plain).catch(() => "the answer may not even be held");
  const bearing = { ...plain, mode: "cors", headers: { "X-CSRF-Token": token } };
  const outcomes = [];
  const attempts = [["/api/benchmark/calibration", bearing], ["/api/benchmark/runs", { credentials: "include" }]];
  for (const [path, how] of attempts) {
    try {
      outcomes.push((await fetch(address + path, how)).status);
    } catch (error) {
      outcomes.push(error.name);
    }
  }
  const socket = new WebSocket(`${address.replace("http", "ws")}/api/benchmark/ws/1`);
  const heard = new Promise((done) => {
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
  });
  outcomes.push(await heard);
  return outcomes;
}"""


def test_another_site_does_nothing_in_the_name_of_who_is_signed_in(page: Page, locked: Locked, other_site: str) -> None:
    enter(page, locked, Role.OPERATOR)
    stolen = next(cookie["value"] for cookie in page.context.cookies() if "csrf" in cookie["name"])
    evil = page.context.new_page()
    evil.goto(other_site)
    assert evil.evaluate(_ASK_IN_ANOTHERS_NAME, [locked.address, stolen]) == ["TypeError", "TypeError", "refused"]
    assert locked.ask("GET", "/api/benchmark/calibration")["under_way"] is None
    refused = locked.ask("GET", "/api/audit?limit=1")["entries"][0]
    assert (refused["path"], refused["status"]) == ("/api/benchmark/calibration", 403)
    send = "address => { const form = document.forms[0]; form.action = `${address}/logout`; form.submit(); }"
    evil.evaluate(send, locked.address)
    evil.wait_for_url(f"{locked.address}/logout")
    expect(evil.locator("body")).to_contain_text("may not change anything here")
    page.reload()
    expect(page.locator(".top-bar")).to_be_visible()


def test_without_the_token_even_a_page_of_this_server_changes_nothing(page: Page, locked: Locked) -> None:
    enter(page, locked, Role.OPERATOR)
    ask = "token => fetch('/api/benchmark/cancel/1', {method: 'POST', headers: token}).then(answer => answer.status)"
    assert page.evaluate(ask, {}) == 403
    token = next(cookie["value"] for cookie in page.context.cookies() if "csrf" in cookie["name"])
    assert page.evaluate(ask, {"X-CSRF-Token": token}) == 404, "let in, and there is no such run"


def test_a_session_is_another_servers_secret(page: Page, locked: Locked) -> None:
    """As after a restart: the cookie is there, and nobody knows it."""
    port = urlsplit(locked.address).port
    page.context.add_cookies([{"name": f"modeldyno_session_{port}", "value": "x" * 43, "url": locked.address}])
    page.goto(f"{locked.address}/comparison")
    assert urlsplit(page.url).path == "/login"
    assert page.context.cookies() == []
