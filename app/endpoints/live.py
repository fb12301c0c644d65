"""WebSocket /api/benchmark/ws/<run_id>: the status at once, then at each change."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from flask import Flask, current_app
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

from app import data
from app.authentication import still_good
from app.endpoints.payloads import status_payload
from engine.errors import EngineError
from engine.workflows.run_supervisor import Subscription

MAX_SOCKETS = 40
"""Each socket holds one of the server's threads for as long as it is open."""
MIN_SECONDS_BETWEEN = 0.1
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
        self._places = threading.BoundedSemaphore(limit)
        self._limit = limit
        self.stopping = threading.Event()
        """Set when the server ends, so that no socket holds it up."""

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place for one socket; False when all are taken."""
        taken = self._places.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken:
                self._places.release()

    @property
    def limit(self) -> int:
        return self._limit


EXTENSION = "modeldyno-live"


def register(app: Flask, sockets: LiveSockets) -> None:
    app.extensions[EXTENSION] = sockets
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": _PING_SECONDS, "max_message_size": 4096}
    Sock(app).route("/api/benchmark/ws/<run_id>")(follow_run)


def follow_run(client: Server, run_id: str) -> None:
    """Speak with one client until it leaves, the run is long over, or the server stops."""
    client.sock.settimeout(_SEND_TIMEOUT_SECONDS)
    sockets: LiveSockets = current_app.extensions[EXTENSION]
    with sockets.place() as has_place:
        if not has_place:
            _refuse(client, f"{sockets.limit} sockets are open already; close one or poll status.", _TRY_AGAIN_LATER)
            return
        supervisor = data.workbench().supervisor
        try:
            run_id = supervisor.progress(run_id).run.run_id
            subscription = supervisor.subscribe(run_id)
        except EngineError as error:
            _refuse(client, error.message)
            return
        try:
            _Conversation(client, run_id, subscription, sockets.stopping, still_good()).hold()
        except (ConnectionClosed, OSError):
            return  # the client has gone, or does not read what it is sent
        finally:
            subscription.close()
            _hang_up(client, _NORMAL)


class _Conversation:
    """One socket, its reader thread and what was last said."""

    def __init__(
        self,
        client: Server,
        run_id: str,
        subscription: Subscription,
        stopping: threading.Event,
        is_welcome: Callable[[], bool],
    ) -> None:
        self._client = client
        self._run_id = run_id
        self._subscription = subscription
        self._stopping = stopping
        self._is_welcome = is_welcome
        """Whether the key or session that opened the socket is still good."""
        self._sending = threading.Lock()
        self._gone = threading.Event()
        self._heard_at = time.monotonic()
        self._progress = data.workbench().supervisor.progress
        self._last_sequence: int | None = None

    def hold(self) -> None:
        reader = threading.Thread(target=self._answer, name=f"live-{self._run_id}", daemon=True)
        reader.start()
        try:
            self._tell_changes()
        finally:
            self._gone.set()

    def _tell_changes(self) -> None:
        newest = self._progress(self._run_id)
        self._send(status_payload(newest))
        self._last_sequence = newest.sequence
        is_final = newest.run.status.is_final
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
                continue
            if changed.sequence != self._last_sequence or changed.run.status.is_final != is_final:
                self._send(status_payload(changed))
                self._last_sequence = changed.sequence
                if changed.run.status.is_final and not is_final:
                    self._heard_at = time.monotonic()
                is_final = changed.run.status.is_final
            self._gone.wait(MIN_SECONDS_BETWEEN)

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
                    self._send(status_payload(self._progress(self._run_id)))
                else:
                    self._send({"error": f"Say 'ping' or 'status', not {str(said)[:40]!r}."})
        except (ConnectionClosed, OSError, EngineError):
            pass  # nobody is left to tell; `hold` ends the conversation
        finally:
            self._gone.set()

    def _send(self, message: dict[str, object]) -> None:
        with self._sending:
            self._client.send(json.dumps(message))


def _refuse(client: Server, reason: str, code: int = _NORMAL) -> None:
    try:
        client.send(json.dumps({"error": reason}))
    except (ConnectionClosed, OSError):
        return  # it left before it could be told
    _hang_up(client, code, reason)


def _hang_up(client: Server, code: int, reason: str = "") -> None:
    """Say goodbye and end the connection, so that the client need not wait for the server to do it."""
    with suppress(ConnectionClosed, OSError):  # it has hung up itself
        client.close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
        client.sock.shutdown(socket.SHUT_WR)
