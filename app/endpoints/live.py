"""WebSockets /api/benchmark/ws/<run_id>, /api/generator/ws/<operation_id> and so on: the status at once, then at each
change."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic

from flask import Flask, current_app
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from wsproto.utilities import ProtocolError

from app import data
from app.authentication import still_good
from app.endpoints.operation_payloads import standing_payload
from app.endpoints.payloads import status_payload
from app.endpoints.shared_texts import SharedTexts
from app.socket_tickets import PROTOCOL
from engine.domain.operation import OperationKind, OperationProgress
from engine.domain.run import RunProgress
from engine.errors import EngineError
from engine.workflows.watching import Snapshot, Subscription

PREFIXES = {OperationKind.GENERATION: "/api/generator", OperationKind.SKILLSET_TEST: "/api/test"}
"""Where each kind of operation lives."""
MAX_SOCKETS = 128
"""Each socket holds one of the server's threads for as long as it is open."""
MIN_SECONDS_BETWEEN = 0.05
"""Changes that come faster are coalesced: only the newest is sent."""
_LOOK_SECONDS = 0.5
"""How often a waiting socket looks whether its client or the server has gone."""
_PING_SECONDS = 20
_SEND_TIMEOUT_SECONDS = 10.0
_IDLE_AFTER_END_SECONDS = 60.0
"""A client that stays silent this long after the run has ended is disconnected."""
_NORMAL, _GOING_AWAY, _NOT_ALLOWED, _TRY_AGAIN_LATER = 1000, 1001, 1008, 1013
_REASON_BYTES = 120
"""A closing frame holds no more than 123."""


class LiveSockets:
    """The open sockets of one server."""

    def __init__(self, limit: int = MAX_SOCKETS) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._limit = limit
        self.stopping = threading.Event()
        """Set when the server ends, so that no socket holds it up."""
        self.texts = SharedTexts()

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place for one socket; False when all are taken."""
        with self._lock:
            taken = self._open < self._limit
            self._open += taken
        try:
            yield taken
        finally:
            with self._lock:
                self._open -= taken

    @property
    def open_now(self) -> int:
        with self._lock:
            return self._open

    @property
    def limit(self) -> int:
        return self._limit


EXTENSION = "modeldyno-live"


def register(app: Flask, sockets: LiveSockets) -> None:
    app.extensions[EXTENSION] = sockets
    app.config["SOCK_SERVER_OPTIONS"] = {
        "subprotocols": PROTOCOL,
        "ping_interval": _PING_SECONDS,
        "max_message_size": 4096,
    }
    sock = Sock(app)
    sock.route("/api/benchmark/ws/<run_id>")(follow_run)
    for kind, prefix in PREFIXES.items():
        sock.route(f"{prefix}/ws/<operation_id>", endpoint=f"follow_{kind.value}")(_follower(kind))


def follow_run(client: Server, run_id: str) -> None:
    """A run's WebSocket."""
    supervisor = data.workbench().supervisor

    def find() -> Followed[RunProgress]:
        name = supervisor.progress(run_id).run.run_id
        return Followed(
            name=name,
            progress=lambda: supervisor.progress(name),
            subscribe=lambda: supervisor.subscribe(name),
            payload=status_payload,
            is_final=lambda progress: progress.run.status.is_final,
            has_begun_anew=lambda subscription: supervisor.has_begun_anew(name, subscription),
        )

    _follow(client, find)


def _follower(kind: OperationKind) -> Callable[[Server, str], None]:
    def follow_operation(client: Server, operation_id: str) -> None:
        """An operation's WebSocket."""
        supervisor = data.workbench().operations

        def find() -> Followed[OperationProgress]:
            return Followed(
                name=operation_id,
                progress=lambda: supervisor.progress(kind, operation_id),
                subscribe=lambda: supervisor.subscribe(kind, operation_id),
                payload=standing_payload,
                is_final=lambda progress: progress.operation.status.is_final,
                has_begun_anew=lambda subscription: False,
            )

        _follow(client, find)

    return follow_operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Generic[Snapshot]):
    """What one socket is about."""

    name: str
    progress: Callable[[], Snapshot]
    """The present snapshot."""
    subscribe: Callable[[], Subscription[Snapshot]]
    payload: Callable[[Snapshot], Mapping[str, Any]]
    is_final: Callable[[Snapshot], bool]
    has_begun_anew: Callable[[Subscription[Snapshot]], bool]
    """Whether what had ended goes on, of which this subscription hears nothing."""


def _follow(client: Server, find: Callable[[], Followed[Any]]) -> None:
    """Speak with one client until it leaves, what it follows is long over, or the server stops."""
    try:
        client.sock.settimeout(_SEND_TIMEOUT_SECONDS)
    except OSError:
        return  # the client left at once, and its socket is closed already
    sockets: LiveSockets = current_app.extensions[EXTENSION]
    with sockets.place() as has_place:
        if not has_place:
            _refuse(client, f"{sockets.limit} sockets are open already; close one or poll status.", _TRY_AGAIN_LATER)
            return
        try:
            conversation = _Conversation(client, find(), sockets, still_good())
        except EngineError as error:
            _refuse(client, error.message)
            return
        try:
            conversation.hold()
        except (ConnectionClosed, ProtocolError, OSError):
            return  # the client has gone, or does not read what it is sent
        finally:
            _hang_up(client, _NORMAL)


class _Conversation:
    """One socket, its reader thread and what was last said."""

    def __init__(
        self, client: Server, followed: Followed[Any], sockets: LiveSockets, is_welcome: Callable[[], bool]
    ) -> None:
        self._client = client
        self._followed = followed
        self._subscription = followed.subscribe()
        self._stopping = sockets.stopping
        self._texts = sockets.texts
        self._is_welcome = is_welcome
        """Whether the key or session that opened the socket is still good."""
        self._sending = threading.Lock()
        self._gone = threading.Event()
        self._heard_at = time.monotonic()
        self._last_sequence: int | None = None

    def hold(self) -> None:
        reader = threading.Thread(target=self._answer, name=f"live-{self._followed.name}", daemon=True)
        try:
            reader.start()
            self._tell_changes()
        finally:
            self._gone.set()
            self._subscription.close()

    def _tell_changes(self) -> None:
        followed = self._followed
        is_final = False
        while not self._gone.is_set():
            if self._stopping.is_set():
                _hang_up(self._client, _GOING_AWAY, "The server is stopping.")
                return
            if not self._is_welcome():
                _hang_up(self._client, _NOT_ALLOWED, "The key or session that opened this socket is not good any more.")
                return
            if is_final and time.monotonic() - self._heard_at > _IDLE_AFTER_END_SECONDS:
                return
            changed = self._subscription.next(timeout=_LOOK_SECONDS)
            if changed is None:
                if is_final:
                    self._gone.wait(_LOOK_SECONDS)
                    self._watch_on()
                continue
            ends_now = followed.is_final(changed) and not is_final
            if changed.sequence != self._last_sequence or followed.is_final(changed) != is_final:
                self._send_text(self._texts.of(followed.name, changed, followed.payload))
                self._last_sequence = changed.sequence
                if ends_now:
                    self._heard_at = time.monotonic()
                is_final = followed.is_final(changed)
            self._gone.wait(MIN_SECONDS_BETWEEN)

    def _watch_on(self) -> None:
        """Where a run that had ended was resumed, it is told of from now on; its changes are counted anew."""
        if self._followed.has_begun_anew(self._subscription):
            self._subscription.close()
            self._subscription = self._followed.subscribe()
            self._last_sequence = None

    def _answer(self) -> None:
        """Answer what the client says until it leaves."""
        try:
            while not self._gone.is_set():
                said = self._client.receive(timeout=_LOOK_SECONDS)
                if said is None:
                    continue
                self._heard_at = time.monotonic()
                word = said.strip() if isinstance(said, str) else None
                if word == "ping":
                    self._send({"pong": True})
                elif word == "status":
                    self._send(self._followed.payload(self._followed.progress()))
                else:
                    self._send({"error": f"Say 'ping' or 'status', not {str(said)[:40]!r}."})
        except (ConnectionClosed, ProtocolError, OSError, EngineError):
            pass  # nobody is left to tell; `hold` ends the conversation
        finally:
            self._gone.set()

    def _send(self, message: Mapping[str, Any]) -> None:
        self._send_text(json.dumps(message))

    def _send_text(self, text: str) -> None:
        with self._sending:
            self._client.send(text)


def _refuse(client: Server, reason: str, code: int = _NORMAL) -> None:
    try:
        client.send(json.dumps({"error": reason}))
    except (ConnectionClosed, ProtocolError, OSError):
        return  # it left before it could be told
    _hang_up(client, code, reason)


def _hang_up(client: Server, code: int, reason: str = "") -> None:
    """Say goodbye and end the connection, so that the client need not wait for the server to do it."""
    with suppress(ConnectionClosed, ProtocolError, OSError):  # it has hung up itself
        client.close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
        client.sock.shutdown(socket.SHUT_WR)
