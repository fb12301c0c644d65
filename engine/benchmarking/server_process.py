"""The launcher's side of one fork server: started, asked, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.config import CHECKOUT
from engine.errors import LauncherFailure

_SERVER_MODULE = "engine.benchmarking.fork_server_main"
_POLL_SECONDS = 0.05
_CLOSE_SECONDS = 1.0

_OWN_THREADS = ("OMP_", "GOMP_", "KMP_", "MKL_NUM_", "MKL_DOMAIN_NUM_", "MKL_DYNAMIC", "OPENBLAS_NUM_")
"""How variables begin by which a shell would decide on threads and the cores they are bound to."""


class Cancelled(Exception):
    """The caller stopped waiting for the server to come up."""


class ServerProcess:
    """One live fork server; it dies with this object or with this process."""

    def __init__(
        self,
        preload: Sequence[str],
        environment: dict[str, str],
        *,
        ready_timeout_seconds: float,
        is_cancelled: Callable[[], bool],
    ) -> None:
        """Start the server and wait until it has preloaded; LauncherFailure with its own words if it cannot."""
        self._sending = threading.Lock()
        self._control, remote = socket.socketpair()
        command = [sys.executable, "-m", _SERVER_MODULE, "--control", str(remote.fileno())]
        command += [word for name in preload for word in ("--preload", name)]
        with tempfile.TemporaryFile() as errors:
            try:
                self._process = subprocess.Popen(
                    command,
                    pass_fds=[remote.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env={**measuring_environment(os.environ), "PYTHONPATH": _python_path(), **environment},
                )
            except OSError as error:
                self._control.close()
                raise LauncherFailure(f"The fork server could not be started: {error}.") from error
            finally:
                remote.close()
            try:
                ready = self._wait_until_ready(ready_timeout_seconds, is_cancelled)
            except BaseException:
                self.kill()
                raise
            if ready is None:
                self.kill()
                errors.seek(0)
                last = errors.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
                raise LauncherFailure(
                    f"The fork server ended while it was starting ({last[0]}). Check that torch can be imported."
                )
        self.preloaded: tuple[str, ...] = tuple(ready["preloaded"])
        self.missing: dict[str, str] = ready["missing"]
        """Modules that could not be preloaded, each with the reason."""
        self.threads: int | None = ready["threads"]
        """After preloading; None where the kernel does not tell."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def can_fork(self) -> bool:
        """A fork of a process with several threads may wait for ever on a lock that one of them held."""
        return self.threads is None or self.threads == 1

    def start_case(self, call: int, channel: socket.socket, log: int, *, fresh: bool) -> None:
        """Ask for a process that answers on `channel` and writes its output to `log`; OSError if the server is dead."""
        request = json.dumps({"type": "start", "call": call, "fresh": fresh}).encode() + b"\n"
        with self._sending:
            socket.send_fds(self._control, [request], [channel.fileno(), log])

    def kill_case(self, call: int) -> None:
        """Ask for the end of a process and all it started; nothing to do when it or the server is gone."""
        request = json.dumps({"type": "kill", "call": call}).encode() + b"\n"
        with self._sending, contextlib.suppress(OSError):
            self._control.sendall(request)

    def close(self) -> None:
        """Let the server kill its cases and end; kill it when it does not."""
        self._control.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server at once; its case processes die with it."""
        self._process.kill()
        self._process.wait()
        self._control.close()

    def _wait_until_ready(self, timeout_seconds: float, is_cancelled: Callable[[], bool]) -> dict[str, Any] | None:
        deadline = time.monotonic() + timeout_seconds
        line = bytearray()
        while not line.endswith(b"\n"):
            if is_cancelled():
                raise Cancelled
            if time.monotonic() > deadline:
                raise LauncherFailure(
                    f"The fork server was not ready after {timeout_seconds:g} s; the machine may be out of memory."
                )
            if select.select([self._control], [], [], _POLL_SECONDS)[0]:
                data = self._control.recv(65536)
                if not data:
                    return None
                line += data
        message: dict[str, Any] = json.loads(line)
        return message


def measuring_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without its word on threads: the case decides on them, and what it says is recorded.

    OMP_THREAD_LIMIT and OMP_DYNAMIC would run fewer than are recorded, and OMP_PROC_BIND binds the fork server, with
    all its cases, to one core while it imports torch. Whoever wants fewer cores has `--threads` and `taskset`.
    """
    return {name: value for name, value in caller.items() if not name.startswith(_OWN_THREADS)}


def _python_path() -> str:
    """Where the server finds this very `engine`, whatever folder the program was started in."""
    inherited = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(CHECKOUT), *([inherited] if inherited else [])])
