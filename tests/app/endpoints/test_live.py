"""The WebSocket, against a server that really listens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from socket import socket as tcp_socket
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from simple_websocket import Client, ConnectionClosed
from simple_websocket import ConnectionError as Refused

from app.access import EXTENSION
from app.endpoints import live
from app.endpoints.payloads import status_payload
from engine.domain.api_key import Role
from engine.domain.operation import OperationKind
from engine.domain.run import RunProgress, RunStatus
from engine.workflows.watching import Subscription
from tests.app.stand_in import StandInWorkbench
from tests.builders import a_plan, a_request, a_result


class EagerClient(Client):
    """The library's own leaves a message that came in one packet with the handshake's answer until another comes.

    And holds that a server which said goodbye in that packet was never there.
    """

    def handshake(self) -> None:
        super().handshake()
        is_accepted = self.connected
        self._handle_events()
        self.connected = is_accepted  # its thread finds the end of the connection, after what was said has been heard


@pytest.fixture
def run_id(bench: StandInWorkbench) -> str:
    return bench.supervisor.submit(a_request()).run_id


@pytest.fixture
def follow(address: str) -> Iterator[Callable[..., Client]]:
    """Opens a socket on a run; what is still open at the end is closed."""
    opened = []

    def open_socket(run_id: str, origin: str | None = None, system: str = "benchmark") -> Client:
        headers = {"Origin": origin} if origin else None
        opened.append(EagerClient(f"ws://{address}/api/{system}/ws/{run_id}", headers=headers))
        return opened[-1]

    yield open_socket
    for client in opened:
        leave(client)


def leave(client: Client) -> None:
    with suppress(ConnectionClosed, OSError):
        client.close()


def hear(client: Client) -> dict[str, Any]:
    text = client.receive(timeout=5)
    assert text is not None, "nothing was said within 5 s"
    heard: dict[str, Any] = json.loads(text)
    return heard


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_status_comes_at_once_and_at_each_change(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    socket = follow(run_id)
    assert hear(socket)["run_id"] == run_id
    live = bench.supervisor.live[run_id]
    live.set_plan(a_plan(), ())
    assert hear(socket)["cases"]["total"] == 1
    live.end_case(0, a_result(run_id=run_id))
    assert hear(socket)["progress"] == 1.0
    bench.supervisor.end(run_id)
    assert hear(socket)["status"] == "completed"


def test_changes_in_quick_succession_are_told_as_the_newest(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    socket = follow(run_id)
    hear(socket)
    live = bench.supervisor.live[run_id]
    for step in range(200):
        live.set_step(f"step {step}")
    heard = [hear(socket)]
    while heard[-1]["current_step"] != "step 199":
        heard.append(hear(socket))
    assert len(heard) < 20


def test_what_many_sockets_are_told_is_written_once(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def counted(progress: RunProgress) -> dict[str, Any]:
        written.append(progress.sequence)
        return status_payload(progress)

    monkeypatch.setattr("app.endpoints.live.status_payload", counted)
    sockets = [follow(run_id) for _ in range(3)]
    for socket in sockets:
        hear(socket)
    written.clear()
    bench.supervisor.live[run_id].set_step("the step that all are told")
    heard = [hear(socket) for socket in sockets]
    assert {one["current_step"] for one in heard} == {"the step that all are told"}
    assert len(written) == 1


def test_ping_and_status_are_answered(follow: Callable[..., Client], run_id: str) -> None:
    socket = follow(run_id)
    hear(socket)
    socket.send("ping")
    assert hear(socket) == {"pong": True}
    socket.send("status")
    assert hear(socket)["run_id"] == run_id
    socket.send("sing")
    assert "sing" in hear(socket)["error"]


def test_an_ended_run_tells_its_final_status_and_still_answers(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    bench.supervisor.end(run_id, RunStatus.FAILED, "no room")
    socket = follow(run_id)
    assert (heard := hear(socket))["status"] == "failed", heard
    socket.send("ping")
    assert hear(socket) == {"pong": True}


def test_an_open_socket_hears_of_a_run_that_is_resumed(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    bench.supervisor.end(run_id, RunStatus.CANCELLED)
    socket = follow(run_id)
    assert hear(socket)["status"] == "cancelled"
    bench.supervisor.resume(run_id)
    assert hear(socket)["status"] == "initializing"
    bench.supervisor.live[run_id].set_step("Planning again")
    assert hear(socket)["current_step"] == "Planning again"
    bench.supervisor.end(run_id)
    assert hear(socket)["status"] == "completed"
    leave(socket)
    assert wait_until(lambda: bench.supervisor.open_subscriptions == 0)


def test_an_older_status_is_never_told_after_a_newer_one(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = bench.supervisor
    subscribe = supervisor.subscribe

    def changed_at_once(run_id: str) -> Subscription:
        subscription = subscribe(run_id)
        supervisor.live[run_id].set_step("Planning")
        return subscription

    monkeypatch.setattr(supervisor, "subscribe", changed_at_once)
    socket = follow(run_id)
    assert [hear(socket)["current_step"] for _ in range(2)] == ["Waiting to be planned", "Planning"]


def test_an_unknown_run_is_an_error_and_the_end(follow: Callable[..., Client]) -> None:
    socket = follow("no-such-run")
    assert "no-such-run" in hear(socket)["error"]
    with pytest.raises(ConnectionClosed):
        socket.receive(timeout=5)


def test_a_foreign_page_cannot_listen(follow: Callable[..., Client], run_id: str) -> None:
    with pytest.raises(Refused) as refused:
        follow(run_id, origin="http://evil.example")
    assert refused.value.status_code == 403


def test_the_own_page_can_listen(follow: Callable[..., Client], run_id: str) -> None:
    socket = follow(run_id, origin="http://127.0.0.1")  # this client leaves the port out of its Host header
    assert hear(socket)["run_id"] == run_id


def test_sockets_are_capped_and_a_place_is_free_again_after_leaving(
    app: Flask, follow: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    first, second, third = (follow(run_id) for _ in range(3))
    assert all(hear(socket)["run_id"] == run_id for socket in (first, second, third))
    fourth = follow(run_id)
    assert "3 sockets are open" in hear(fourth)["error"]
    leave(second)
    assert wait_until(lambda: bench.supervisor.open_subscriptions == 2)
    fifth = follow(run_id)
    assert hear(fifth)["run_id"] == run_id
    for socket in (first, third, fifth):
        leave(socket)
    assert wait_until(lambda: bench.supervisor.open_subscriptions == 0)


def test_a_client_that_dies_without_a_word_frees_its_place(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    socket = follow(run_id)
    hear(socket)
    socket.sock.shutdown(2)
    assert wait_until(lambda: bench.supervisor.open_subscriptions == 0)


def test_a_client_that_left_before_it_was_looked_at_is_no_error(app: Flask) -> None:
    """The library's reader may have closed the socket by then, of which every use is an OSError."""
    gone = SimpleNamespace(sock=tcp_socket())
    gone.sock.close()
    with app.app_context():
        live.follow_run(gone, "any")
    assert app.extensions[live.EXTENSION].open_now == 0


def test_a_plain_request_for_a_socket_is_refused_as_a_problem(app: Flask, run_id: str) -> None:
    answer = app.test_client().get(f"/api/benchmark/ws/{run_id}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_an_operation_is_followed_like_a_run(follow: Callable[..., Client], bench: StandInWorkbench) -> None:
    bench.jobs.may_go_on.clear()
    operation = bench.operations.submit(OperationKind.GENERATION, {"models": ["bert", "gpt2"]})
    socket = follow(operation.operation_id, system="generator")
    assert hear(socket)["operation_id"] == operation.operation_id
    socket.send("ping")
    heard = [hear(socket)]
    bench.jobs.may_go_on.set()
    while heard[-1].get("status") != "completed":
        heard.append(hear(socket))
    assert {"pong": True} in heard
    assert heard[-1]["outcomes"] == {"total": 2, "done": 2, "failed": 0}


def test_a_socket_opened_again_goes_on_with_the_present_state(
    follow: Callable[..., Client], bench: StandInWorkbench
) -> None:
    bench.jobs.may_go_on.clear()
    operation = bench.operations.submit(OperationKind.GENERATION, {"models": ["bert"]})
    first = follow(operation.operation_id, system="generator")
    sequence = hear(first)["sequence"]
    leave(first)
    bench.jobs.may_go_on.set()
    bench.operations.wait(OperationKind.GENERATION, operation.operation_id, 5.0)
    again = hear(follow(operation.operation_id, system="generator"))
    assert (again["status"], again["sequence"] > sequence) == ("completed", True)


def test_an_unknown_operation_is_refused_and_a_run_is_none(
    follow: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    assert "No generation" in hear(follow("nope", system="generator"))["error"]
    assert "No generation" in hear(follow(run_id, system="generator"))["error"]


@pytest.fixture
def follow_with_key(address: str) -> Iterator[Callable[..., Client]]:
    """Opens a socket with an API key, or with a cookie of the browser's."""
    opened = []

    def open_socket(run_id: str, **headers: str) -> Client:
        opened.append(EagerClient(f"ws://{address}/api/benchmark/ws/{run_id}", headers=headers))
        return opened[-1]

    yield open_socket
    for client in opened:
        leave(client)


def test_where_keys_are_demanded_a_socket_takes_one(
    locked: Flask, follow_with_key: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    with pytest.raises(Refused):
        follow_with_key(run_id)
    with pytest.raises(Refused):
        follow_with_key(run_id, Authorization="Bearer mdk_nonsense")
    made = bench.keys.create("alice", Role.VIEWER)
    assert hear(follow_with_key(run_id, Authorization=f"Bearer {made.secret}"))["run_id"] == run_id


def test_an_open_socket_ends_when_its_key_is_revoked_and_others_do_not(
    locked: Flask, follow_with_key: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    victim, other = (bench.keys.create(name, Role.VIEWER) for name in ("victim", "other"))
    ending, staying = (follow_with_key(run_id, Authorization=f"Bearer {made.secret}") for made in (victim, other))
    assert hear(ending) and hear(staying)
    bench.keys.revoke(victim.key.key_id)
    with pytest.raises(ConnectionClosed) as closed:
        ending.receive(timeout=5)
    assert closed.value.reason == 1008
    staying.send("ping")
    assert hear(staying) == {"pong": True}


def test_an_open_socket_ends_with_the_session_that_opened_it(
    locked: Flask, follow_with_key: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    sessions = locked.extensions[EXTENSION].sessions
    session_id, session = sessions.open(bench.keys.create("alice", Role.VIEWER).key.key_id)
    socket = follow_with_key(run_id, Cookie=f"modeldyno_session={session_id}")
    assert hear(socket)["run_id"] == run_id
    sessions.end(session)
    with pytest.raises(ConnectionClosed) as closed:
        socket.receive(timeout=5)
    assert closed.value.reason == 1008


def test_a_page_of_another_site_cannot_use_the_session_of_a_browser(
    locked: Flask, follow_with_key: Callable[..., Client], bench: StandInWorkbench, run_id: str
) -> None:
    session_id, _ = locked.extensions[EXTENSION].sessions.open(bench.keys.create("alice", Role.VIEWER).key.key_id)
    with pytest.raises(Refused):
        follow_with_key(run_id, Cookie=f"modeldyno_session={session_id}", Origin="https://evil.example")
