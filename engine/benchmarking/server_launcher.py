"""A launcher over one fork server that is started when first needed and again when it has died."""

from __future__ import annotations

import itertools
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.benchmarking.case_process import Observed, watch
from engine.benchmarking.classify import ProcessEnd, failure_of
from engine.benchmarking.frames import send_frame
from engine.benchmarking.launchers import ALLOWED_PREFIXES, ProcessOutcome, check_function
from engine.benchmarking.server_process import Cancelled, ServerProcess
from engine.domain.result import Failure, FailureKind
from engine.errors import LauncherFailure

logger = logging.getLogger(__name__)

_READY_TIMEOUT_SECONDS = 180.0
"""Importing torch from a cold disk on a busy machine takes tens of seconds; the call's own timeout starts after it."""

_ATTEMPTS = 2
"""A case whose fork server died under it is tried once more; two dead servers are the case's doing."""


class ServerLauncher:
    """Runs functions in children of a fork server; see `Launcher` for what `run` promises."""

    def __init__(
        self,
        *,
        preload: Sequence[str],
        environment: Mapping[str, str],
        fresh: bool,
        allowed_prefixes: Sequence[str] = ALLOWED_PREFIXES,
    ) -> None:
        self._preload = tuple(preload)
        self._environment = dict(environment)
        self._fresh = fresh
        self._allowed_prefixes = tuple(allowed_prefixes)
        self._calls = itertools.count(1)
        self._starting = threading.Lock()
        self._server: ServerProcess | None = None
        self._closed = threading.Event()

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        timeout_seconds: float,
        memory_limit_bytes: int | None = None,
        cancel: threading.Event | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> ProcessOutcome:
        check_function(function, self._allowed_prefixes)
        request = {"function": function, "arguments": dict(arguments), "memory_limit_bytes": memory_limit_bytes}
        stop = _AnySet(self._closed, cancel)
        started = time.monotonic()
        observed = Observed(is_lost=True)
        for attempt in range(_ATTEMPTS):
            if attempt and on_log is not None:
                on_log("The fork server died; it is started again and the case repeated.")
            try:
                server = self._running_server(stop)
            except Cancelled:
                return _not_started(FailureKind.CANCELLED, "Cancelled before it ran.", started)
            except LauncherFailure as error:
                return _not_started(FailureKind.ERROR, error.message, started)
            started = time.monotonic()
            observed = self._one_attempt(server, request, timeout_seconds, stop, on_log)
            if not observed.is_lost or observed.answer is not None or observed.killed_for is not None:
                break
            self._discard(server)
        return _outcome(observed, timeout_seconds, memory_limit_bytes, time.monotonic() - started)

    def warm_up(self) -> None:
        """Start the fork server now, so that the first case need not wait for its imports."""
        self._running_server(_AnySet(self._closed, None))

    @property
    def server_pid(self) -> int | None:
        """The fork server's process id; None while there is none."""
        server = self._server
        return server.pid if server is not None and server.is_alive else None

    def close(self) -> None:
        self._closed.set()
        with self._starting:
            server, self._server = self._server, None
        if server is not None:
            server.close()

    def _running_server(self, stop: _AnySet) -> ServerProcess:
        while not self._starting.acquire(timeout=0.05):
            if stop.is_set():
                raise Cancelled
        try:
            if stop.is_set():
                raise Cancelled
            if self._server is not None and not self._server.is_alive:
                self._server.kill()
                self._server = None
            if self._server is None:
                self._server = ServerProcess(
                    self._preload,
                    self._environment,
                    ready_timeout_seconds=_READY_TIMEOUT_SECONDS,
                    is_cancelled=stop.is_set,
                )
                _tell(self._server)
            return self._server
        finally:
            self._starting.release()

    def _discard(self, dead: ServerProcess) -> None:
        with self._starting:
            dead.kill()
            if self._server is dead:
                self._server = None

    def _one_attempt(
        self,
        server: ServerProcess,
        request: dict[str, Any],
        timeout_seconds: float,
        stop: _AnySet,
        on_log: Callable[[str], None] | None,
    ) -> Observed:
        call = next(self._calls)
        channel, remote = socket.socketpair()
        log, log_end = os.pipe()
        try:
            try:
                server.start_case(call, remote, log_end, fresh=self._fresh or not server.can_fork)
            finally:
                remote.close()
                os.close(log_end)
            send_frame(channel, request)
            return watch(
                server, call, channel, log, timeout_seconds=timeout_seconds, is_cancelled=stop.is_set, on_log=on_log
            )
        except OSError:
            return Observed(is_lost=True)
        finally:
            channel.close()
            os.close(log)


def _tell(server: ServerProcess) -> None:
    for name, reason in server.missing.items():
        logger.info("%s could not be imported beforehand (%s); a case that needs it will say so itself", name, reason)
    if not server.can_fork:
        logger.warning(
            "Importing the libraries started %s threads; cases run in fresh interpreters, which takes seconds each",
            server.threads,
        )


class _AnySet:
    """Two reasons to stop, asked as one."""

    def __init__(self, closed: threading.Event, cancel: threading.Event | None) -> None:
        self._events = (closed,) if cancel is None else (closed, cancel)

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)


def _not_started(kind: FailureKind, reason: str, started: float) -> ProcessOutcome:
    return ProcessOutcome(failure=Failure(kind=kind, reason=reason), seconds=time.monotonic() - started)


def _outcome(
    observed: Observed, timeout_seconds: float, memory_limit_bytes: int | None, seconds: float
) -> ProcessOutcome:
    end = observed.end or {}
    failure = failure_of(
        ProcessEnd(
            killed_for=observed.killed_for,
            timeout_seconds=timeout_seconds,
            memory_limit_bytes=memory_limit_bytes,
            answer=observed.answer,
            exit_code=end.get("exit_code"),
            oom_killed=bool(end.get("oom_killed")),
            refused=end.get("reason"),
        ),
        observed.log,
    )
    return ProcessOutcome(
        value=observed.answer["value"] if failure is None and observed.answer is not None else None,
        failure=failure,
        log=observed.log,
        seconds=seconds,
        peak_rss_bytes=end.get("peak_rss_bytes"),
        cpu_seconds=end.get("cpu_seconds"),
        pid=observed.pid or end.get("pid"),
    )
