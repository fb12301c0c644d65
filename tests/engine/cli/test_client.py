"""The client against a server that answers as each test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click
import pytest

from engine.cli.client import Client, ServerRefused, ServerUnreachable
from engine.cli.exit_status import FAILED, USAGE, status_of
from engine.errors import EngineError


@dataclass
class FakeServer:
    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Method, path with query, and body of each request."""

    def answer(self, status: int, document: object) -> None:
        self.status, self.body = status, json.dumps(document).encode()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fake.asked.append((self.command, self.path, body))
            self.send_response(fake.status)
            self.send_header("Content-Length", str(len(fake.body)))
            self.end_headers()
            self.wfile.write(fake.body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{listening.server_port}"
    yield fake
    listening.shutdown()
    thread.join()
    listening.server_close()


def refusal(server: FakeServer) -> EngineError:
    with Client(server.url) as client, pytest.raises(EngineError) as caught:
        client.get("/api/benchmark/models")
    return caught.value


def test_what_is_asked_arrives(server: FakeServer) -> None:
    server.answer(200, {"runs": []})
    with Client(f"{server.url}/") as client:
        assert client.get("/api/runs", {"limit": 2}) == {"runs": []}
        client.post("/api/run", {"models": ["bert"]})
    (get, path, _), (post, _, body) = server.asked
    assert (get, path, post) == ("GET", "/api/runs?limit=2", "POST")
    assert json.loads(body) == {"models": ["bert"]}


@pytest.mark.parametrize(
    ("status", "title", "exit_status"),
    [
        (422, "Invalid value", USAGE),
        (422, "Unknown name", USAGE),
        (422, "Backend not available here", FAILED),
        (404, "Not found", FAILED),
        (409, "Not finished", FAILED),
    ],
)
def test_a_problem_ends_as_it_would_have_ended_here(
    server: FakeServer, status: int, title: str, exit_status: int
) -> None:
    server.answer(status, {"title": title, "status": status, "detail": "What happened."})
    error = refusal(server)
    assert (error.title, error.message, status_of(error)) == (title, "What happened.", exit_status)


def test_an_error_without_words_is_told_by_its_number(server: FakeServer) -> None:
    server.answer(503, [])
    error = refusal(server)
    assert isinstance(error, ServerRefused)
    assert error.message == f"{server.url}/api/benchmark/models answered 503."


def test_a_page_is_no_answer(server: FakeServer) -> None:
    server.body = b"<!doctype html><title>Something else</title>"
    error = refusal(server)
    assert isinstance(error, ServerUnreachable)
    assert "answered 200 without JSON; that is no ModelDyno server. Correct --server." in error.message


def test_where_nobody_listens_the_remedy_is_named() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(ServerUnreachable) as caught:
        client.get("/api/benchmark/models")
    assert caught.value.message.startswith("No server answers at http://127.0.0.1:1 (")
    assert "Start it with `modeldyno serve`, or correct --server." in caught.value.message


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1:8050", "localhost", "ftp://localhost", "http://", "http://[::1", "http://127.0.0.1:99999"],
)
def test_what_can_be_no_address_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.UsageError, match=r"is not an address; write it like http://127\.0\.0\.1:8050") as caught:
        Client(text)
    assert repr(text) in caught.value.message
