"""The launcher's side of one case process: its answer, its output, its end, and the two reasons to kill it."""

from __future__ import annotations

import codecs
import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.benchmarking.frames import FrameBuffer
from engine.benchmarking.launchers import LOG_LIMIT
from engine.benchmarking.plain_text import without_colours
from engine.benchmarking.process_control import kill_group
from engine.benchmarking.server_process import ServerProcess
from engine.domain.result import FailureKind

_POLL_SECONDS = 0.05
_KILL_GRACE_SECONDS = 0.3
"""How long the fork server may take to report a kill before it is killed itself."""


@dataclass
class Observed:
    """What has come from the process so far."""

    pid: int | None = None
    answer: dict[str, Any] | None = None
    end: dict[str, Any] | None = None
    """The fork server's last word: exit status and peak memory, or that it refused to start one."""
    killed_for: FailureKind | None = None
    is_lost: bool = False
    """The fork server died before it could say how the process ended."""
    log: str = ""
    frames: FrameBuffer = field(default_factory=FrameBuffer)


def watch(
    server: ServerProcess,
    call: int,
    channel: socket.socket,
    log: int,
    *,
    timeout_seconds: float,
    is_cancelled: Callable[[], bool],
    on_log: Callable[[str], None] | None,
) -> Observed:
    """Follow a started process to its end, and see to it that there is one."""
    observed = Observed()
    output = _Lines(on_log)
    deadline = time.monotonic() + timeout_seconds
    give_up: float | None = None
    channel.setblocking(False)
    os.set_blocking(log, False)
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        selector.register(log, selectors.EVENT_READ)
        while observed.end is None and not observed.is_lost:
            now = time.monotonic()
            ready = selector.select(min(_POLL_SECONDS, max(0.0, deadline - now)) if give_up is None else _POLL_SECONDS)
            for key, _ in ready:
                if key.fileobj is channel:
                    _read_frames(channel, observed)
                elif not output.read(log):
                    selector.unregister(log)
            if observed.end is not None:
                break
            if not server.is_alive:
                observed.is_lost = True
            elif give_up is not None and time.monotonic() > give_up:
                server.kill()
                observed.is_lost = True
            elif give_up is None and (reason := _kill_reason(deadline, is_cancelled)):
                observed.killed_for = reason
                server.kill_case(call)
                give_up = time.monotonic() + _KILL_GRACE_SECONDS
    if observed.is_lost and observed.pid is not None:
        # Its parent is dead and it has SIGKILL pending for that; what it started itself has not.
        kill_group(observed.pid)
    output.read(log)
    output.finish()
    observed.log = without_colours(output.text)
    return observed


def _kill_reason(deadline: float, is_cancelled: Callable[[], bool]) -> FailureKind | None:
    if is_cancelled():
        return FailureKind.CANCELLED
    if time.monotonic() >= deadline:
        return FailureKind.TIMEOUT
    return None


def _read_frames(channel: socket.socket, observed: Observed) -> None:
    try:
        data = channel.recv(1 << 16)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if not data:
        observed.is_lost = observed.end is None
        return
    for message in observed.frames.feed(data):
        match message["type"]:
            case "started":
                observed.pid = message["pid"]
            case "value" | "exception":
                observed.answer = message
            case "exit" | "refused":
                observed.end = message


class _Lines:
    """Output as it comes: whole lines to the listener, the newest part kept."""

    def __init__(self, on_log: Callable[[str], None] | None) -> None:
        self._on_log = on_log
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._partial = ""
        self.text = ""

    def read(self, descriptor: int) -> bool:
        """Take all that waits in `descriptor`; False when nobody will write there any more."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(descriptor, 1 << 16):
                self._take(self._decode(data))
            return False
        return True

    def finish(self) -> None:
        """Treat what is left without a line's end as a line."""
        self._take(self._decode(b"", final=True))
        if self._partial and self._on_log is not None:
            self._on_log(without_colours(self._partial))
        self._partial = ""

    def _take(self, text: str) -> None:
        self.text = (self.text + text)[-LOG_LIMIT:]
        *lines, self._partial = (self._partial + text).split("\n")
        if self._on_log is not None:
            for line in lines:
                self._on_log(without_colours(line))
