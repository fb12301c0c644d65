"""The Electron example's own page in a real Chromium: another origin than the server's, as in its window."""

from __future__ import annotations

import json
import re
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.one_time_token import VARIABLE
from engine.config import CHECKOUT
from tests.browser.conftest import PATIENCE, serving

pytestmark = pytest.mark.browser

RENDERER = CHECKOUT / "examples" / "electron" / "renderer"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def page_server() -> Iterator[str]:
    """Where the example's page is: of another port, and so of another origin, as app://desktop is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(RENDERER)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with page_server() as address:
        yield address


@pytest.fixture(scope="module")
def connection(origin: str) -> Iterator[dict[str, str]]:
    """Address of a server that a program started, and the key that its token bought: what the preload hands over."""
    token = secrets.token_urlsafe(32)
    with (
        tempfile.TemporaryDirectory(prefix="modeldyno-") as home,
        serving(Path(home), "--allow-origin", origin, environment={VARIABLE: token}) as address,
    ):
        answer = httpx.post(f"{address}/api/session", json={"token": token}, timeout=30, trust_env=False)
        yield {"address": address, "secret": answer.json()["secret"]}


@pytest.fixture(autouse=True)
def patient(page: Page) -> Iterator[None]:
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)


def show(page: Page, origin: str, connection: dict[str, str]) -> None:
    """With what contextBridge exposes in the window."""
    handed = f"Object.freeze({{ connection: async () => ({json.dumps(connection)}) }})"
    page.add_init_script(f"Object.defineProperty(window, 'modeldyno', {{ value: {handed} }})")
    page.goto(f"{origin}/index.html")


def progress_of(page: Page) -> float:
    return float(page.get_by_label("Progress").evaluate("bar => bar.value / bar.max"))


def test_two_skillsets_are_generated_and_the_bar_fills(
    page: Page, origin: str, connection: dict[str, str], complaints: list[str]
) -> None:
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    show(page, origin, connection)
    assert progress_of(page) == 0
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("status")).to_have_text("completed: 2 of 2")
    assert progress_of(page) == 1
    expect(page.get_by_role("list", name="Outcomes").get_by_role("listitem")).to_have_text(
        ["bert: rendered", "gpt2: rendered"]
    )
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    (socket,) = sockets
    assert re.fullmatch(r"ws://127\.0\.0\.1:\d+/api/generator/ws/[^?#]+", socket), "no ticket in the address"
    assert page.context.cookies() == []


def test_what_is_under_way_is_cancelled(
    page: Page, origin: str, connection: dict[str, str], complaints: list[str]
) -> None:
    show(page, origin, connection)
    page.get_by_label("Model types").fill("bert, gpt2, t5, vit, clip, whisper")
    page.get_by_label("Run each one once").check()
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"cancelled: [0-5] of 6"))
    assert progress_of(page) < 1
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()


def test_what_the_server_refuses_is_said_in_its_words(page: Page, origin: str, connection: dict[str, str]) -> None:
    show(page, origin, connection)
    page.get_by_label("Model types").fill("brt")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("'brt'. Did you mean .*bert"))
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()


def test_a_key_that_is_not_good_is_said_not_to_be(page: Page, origin: str, connection: dict[str, str]) -> None:
    show(page, origin, connection | {"secret": "mdk_wrong"})
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("alert")).to_have_text("The API key is not one of this server's.")


def test_a_server_that_has_gone_is_said_to_have(page: Page, origin: str) -> None:
    with page_server() as gone:
        pass
    show(page, origin, {"address": gone, "secret": "mdk_any"})
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("alert")).to_have_text(f"The server at {gone} does not answer.")


def test_a_page_of_an_origin_that_was_not_allowed_gets_nothing(page: Page, connection: dict[str, str]) -> None:
    with page_server() as elsewhere:
        show(page, elsewhere, connection)
        page.get_by_role("button", name="Generate").click()
        expect(page.get_by_role("alert")).to_contain_text("does not answer")
        opened = page.evaluate(
            """([address, ticket]) => new Promise((done) => {
                const socket = new WebSocket(`${address.replace("http", "ws")}/api/generator/ws/1`, ticket);
                socket.onopen = () => done("open");
                socket.onerror = () => done("refused");
            })""",
            [connection["address"], _ticket(connection)],
        )
        assert opened == "refused", "a ticket, even a stolen one, is for the origin that fetched it"


def _ticket(connection: dict[str, str]) -> list[str]:
    headers = {"Authorization": f"Bearer {connection['secret']}"}
    answer = httpx.post(f"{connection['address']}/api/socket-ticket", headers=headers, timeout=30, trust_env=False)
    protocols: list[str] = answer.json()["protocols"]
    return protocols
