"""The client against a server that answers as each test tells it to."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from engine.cli.exit_status import FAILED, USAGE, status_of
from engine.client import ApiClient, AsyncApiClient, ServerRefused, ServerUnreachable, TookTooLong
from engine.client.address import socket_address
from engine.client.operations import SYSTEMS, Started
from engine.client.retrying import MOST_SECONDS, seconds_to_wait
from engine.domain.key_secret import make_secret
from engine.errors import EngineError, InvalidValue, UnknownName


@dataclass
class FakeServer:
    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Method, path with query, and body of each request."""
    keys: list[str | None] = field(default_factory=list)
    """Idempotency-Key of each."""
    authorizations: list[str | None] = field(default_factory=list)
    lost: int = 0
    """So many of the next requests are not answered."""
    hung: threading.Event | None = None
    """Until it is set, nobody is answered."""
    busy: int | None = None
    """So many are answered by `status`, later ones by 200; None answers all alike."""
    retry_after: str | None = None

    def answer(self, status: int, document: object) -> None:
        self.status, self.body = status, json.dumps(document).encode()


class Listening(ThreadingHTTPServer):
    request_queue_size = 256
    """So many may come at one moment; with the usual five, connections of a hundred are tried again for seconds."""


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fake.asked.append((self.command, self.path, body))
            fake.keys.append(self.headers.get("Idempotency-Key"))
            fake.authorizations.append(self.headers.get("Authorization"))
            if fake.lost:
                fake.lost -= 1
                self.close_connection = True
                return
            if fake.hung is not None:
                fake.hung.wait(30)
            if fake.busy is not None:
                fake.busy -= 1
                if fake.busy < 0:
                    fake.status, fake.body, fake.retry_after = 200, b"{}", None
            self.send_response(fake.status)
            if fake.retry_after is not None:
                self.send_header("Retry-After", fake.retry_after)
            self.send_header("Content-Length", str(len(fake.body)))
            self.end_headers()
            self.wfile.write(fake.body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    listening = Listening(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{listening.server_port}"
    yield fake
    listening.shutdown()
    thread.join()
    listening.server_close()


def refusal(server: FakeServer) -> EngineError:
    with ApiClient(server.url) as client, pytest.raises(EngineError) as caught:
        client.get("/api/benchmark/models")
    return caught.value


def test_what_is_asked_arrives(server: FakeServer) -> None:
    server.answer(200, {"runs": []})
    with ApiClient(f"{server.url}/") as client:
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
    assert "answered 200 without JSON; that is no ModelDyno server. Correct its address." in error.message


def test_where_nobody_listens_the_remedy_is_named() -> None:
    with ApiClient("http://127.0.0.1:1") as client, pytest.raises(ServerUnreachable) as caught:
        client.get("/api/benchmark/models")
    assert caught.value.message.startswith("No server answers at http://127.0.0.1:1 (")
    assert "Start it with `modeldyno serve`, or correct the address." in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        *("", "127.0.0.1:8050", "localhost", "ftp://localhost", "http://", "http://[::1", "http://127.0.0.1:99999"),
        *("http://127.0.0.1:8050?run=1", "http://127.0.0.1:8050/#live"),
    ],
)
def test_what_can_be_no_address_is_wrong_usage(text: str) -> None:
    with pytest.raises(
        InvalidValue, match=r"is not a server's address; write it like http://127\.0\.0\.1:8050"
    ) as caught:
        ApiClient(text)
    assert repr(text) in caught.value.message
    assert status_of(caught.value) == USAGE


def test_a_scheme_is_read_in_any_case(server: FakeServer) -> None:
    with ApiClient(server.url.replace("http", "HTTP")) as client:
        assert client.get("/api/benchmark/runs") == {}
    assert socket_address(client.url, "/api/benchmark/ws/1") == f"{server.url.replace('http', 'ws')}/api/benchmark/ws/1"


def after_a_first_answer(server: FakeServer, client: ApiClient) -> None:
    """A server that has answered once is waited for; one that never did is not."""
    client.get("/healthz")
    server.asked.clear()


def test_an_operation_is_asked_for_again_under_its_key_when_the_answer_was_lost(server: FakeServer) -> None:
    server.answer(202, {"run_id": "r1"})
    with ApiClient(server.url) as client:
        after_a_first_answer(server, client)
        server.lost = 2
        found = client.run_operation("benchmark", {"models": ["bert"]})
    assert found.operation_id == "r1"
    assert [path for _, path, _ in server.asked] == ["/api/benchmark/run"] * 3
    assert len(set(server.keys[-3:])) == 1 and server.keys[-1]


def test_a_post_without_a_key_is_never_sent_twice(server: FakeServer) -> None:
    with ApiClient(server.url) as client:
        after_a_first_answer(server, client)
        server.lost = 1
        with pytest.raises(ServerUnreachable):
            client.post("/api/benchmark/cancel/1")
    assert len(server.asked) == 1


@pytest.mark.parametrize(("status", "times"), [(429, 2), (503, 2), (409, 2), (500, 1), (404, 1)])
def test_a_server_that_says_when_to_come_again_is_heeded(server: FakeServer, status: int, times: int) -> None:
    server.answer(status, {"title": "Busy", "detail": "Come again."})
    server.retry_after, server.busy = "0", 1
    with ApiClient(server.url) as client:
        try:
            assert client.get("/api/benchmark/runs") == {}
        except ServerRefused as error:
            assert (times, error.status, error.problem["title"]) == (1, status, "Busy")
    assert len(server.asked) == times


def test_a_refusal_without_a_time_is_final(server: FakeServer) -> None:
    server.answer(503, {"title": "Ending", "detail": "The server is stopping."})
    assert refusal(server).message == "The server is stopping."
    assert len(server.asked) == 1


def test_a_key_of_ones_own_and_an_api_key_are_sent(server: FakeServer) -> None:
    server.answer(202, {"operation_id": "o1"})
    key = make_secret().secret
    with ApiClient(server.url, api_key=key) as client:
        client.run_operation("generator", {"model": "bert"}, idempotency_key="nightly-1")
        client.run_operation("generator", {"models": ["bert"]})
    assert [path for _, path, _ in server.asked] == ["/api/generator/model", "/api/generator/batch"]
    assert server.keys[0] == "nightly-1" != server.keys[1]
    assert set(server.authorizations) == {f"Bearer {key}"}


def test_parameters_that_stand_in_the_path_arrive(server: FakeServer) -> None:
    path = "/api/generator/file/bert?part=tests"

    async def awaited() -> None:
        async with AsyncApiClient(server.url) as client:
            await client.download(path)

    with ApiClient(server.url) as client:
        client.download(path)
        client.get("/api/benchmark/runs?limit=1")
    asyncio.run(awaited())
    assert [asked for _, asked, _ in server.asked] == [path, "/api/benchmark/runs?limit=1", path]


@pytest.mark.parametrize("key", ["", "nightly 1", "nightly\n1", "nächtlich", "x" * 201])
def test_what_can_name_no_request_is_refused_here(server: FakeServer, key: str) -> None:
    """An empty one, too: a program that lost its own key would start everything twice."""
    server.answer(202, {"operation_id": "o1"})
    with ApiClient(server.url) as client, pytest.raises(InvalidValue, match="Idempotency-Key is 1 to 200") as refused:
        client.run_operation("generator", {"model": "bert"}, idempotency_key=key)
    assert refused.value.field == "Idempotency-Key"
    assert server.asked == []


def test_what_is_no_key_is_refused_here(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidValue, match="api_key holds no API key"):
        ApiClient(server.url, api_key="secret")
    monkeypatch.setenv("MODELDYNO_API_KEY", "mdk_cut_of")
    with pytest.raises(InvalidValue, match=r"\$MODELDYNO_API_KEY holds no API key"):
        ApiClient(server.url)


def test_a_system_that_there_is_not_is_refused_here(server: FakeServer) -> None:
    with ApiClient(server.url) as client, pytest.raises(UnknownName, match="generator"):
        client.run_operation("generater", {})
    assert server.asked == []


@pytest.mark.parametrize("said", [{}, [], {"status": "asleep", "sequence": 1}, 5])
def test_another_server_that_speaks_json_is_told_apart(server: FakeServer, said: object) -> None:
    server.answer(200, said)
    with ApiClient(server.url) as client:
        for ask in (lambda: client.run_operation("test", {"models": ["bert"]}), lambda: client.status("r1")):
            with pytest.raises(ServerUnreachable, match="no ModelDyno server"):
                ask()


RUN = Started(system=SYSTEMS["benchmark"], operation_id="r1")


def monitor(server: FakeServer, timeout: float) -> None:
    with ApiClient(server.url) as client:
        client.monitor_operation(RUN, timeout=timeout)


def monitor_awaited(server: FakeServer, timeout: float) -> None:
    async def monitored() -> None:
        async with AsyncApiClient(server.url) as client:
            await client.monitor_operation(RUN, timeout=timeout)

    # A loop of its own in a thread of its own: the test's may have one already.
    raised: list[BaseException] = []

    def carry() -> None:
        try:
            asyncio.run(monitored())
        except EngineError as error:
            raised.append(error)

    thread = threading.Thread(target=carry)
    thread.start()
    thread.join(20)
    if raised:
        raise raised[0]


@pytest.mark.parametrize("monitoring", [monitor, monitor_awaited])
def test_a_server_that_hangs_keeps_nobody_longer_than_asked(
    server: FakeServer, monitoring: Callable[[FakeServer, float], None]
) -> None:
    server.hung = threading.Event()
    began = time.monotonic()
    try:
        with pytest.raises(TookTooLong, match="goes on at the server"):
            monitoring(server, 0.4)
        assert time.monotonic() - began < 5  # a request may take minutes where nobody set a time
    finally:
        server.hung.set()


@pytest.mark.parametrize("monitoring", [monitor, monitor_awaited])
def test_a_server_that_can_only_be_polled_is_polled_no_longer_than_asked(
    server: FakeServer, monitoring: Callable[[FakeServer, float], None]
) -> None:
    server.answer(200, {"status": "running", "sequence": 1})
    began = time.monotonic()
    with pytest.raises(TookTooLong):
        monitoring(server, 1.0)
    assert time.monotonic() - began < 6
    assert any("/status/" in path for _, path, _ in server.asked[1:])


def test_requests_of_many_tasks_wait_for_the_server_alone(server: FakeServer) -> None:
    server.hung, tasks = threading.Event(), 110

    async def all_at_once() -> int:
        async with AsyncApiClient(server.url) as client:
            asked = [asyncio.create_task(client.get("/api/benchmark/runs")) for _ in range(tasks)]
            deadline = time.monotonic() + 10
            while len(server.asked) < tasks and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
            arrived = len(server.asked)
            server.hung.set()
            await asyncio.gather(*asked)
            return arrived

    assert asyncio.run(all_at_once()) == tasks


def test_a_server_cannot_make_a_client_wait_for_as_long_as_it_likes() -> None:
    answer = httpx.Response(503, headers={"Retry-After": "86400"})
    assert seconds_to_wait(1, answer) == MOST_SECONDS
    assert seconds_to_wait(1, answer, time.monotonic() + 2) == pytest.approx(2, abs=0.5)
    assert seconds_to_wait(1, answer, time.monotonic() - 1) is None
