"""A case process's side of being measured in turns with others."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from engine.backends.pinning import pin_to_cores
from engine.benchmarking.frames import receive_frame, send_frame
from engine.errors import LauncherFailure

_SPINNING_SECONDS = 0.01
"""libgomp's spin for some milliseconds, so do those of onnxruntime."""


class OwnTurns:
    """This process's turns; the referee passes them round. Made by `taking_turns`, which waits for the first."""

    def __init__(
        self,
        channel: socket.socket,
        ticket: Mapping[str, Any],
        cpu_seconds: Callable[[], float],
        pinning: str | None = None,
    ) -> None:
        self.binding = pinning if pinning is not None and pinning.startswith("Pinned") else None
        """To which cores this process is bound together with the others; None where it is not."""
        self._channel = channel
        self._cpu_seconds = cpu_seconds
        self._left_seconds = ticket["seconds"]
        self.settle_seconds = 0.0 if ticket["cores"] == 1 else _SPINNING_SECONDS
        """Threads that wait for work of their own process spin before they sleep; a single one never does."""
        self.others_seconds = 0.0
        """CPU time that the others had used when this turn began."""
        self.waited_seconds = 0.0
        """For turns, so far."""
        self.shared = 0
        """Turns before which another computed."""
        self._send({"place": ticket["place"], "seconds": cpu_seconds()})
        self._wait()

    def pass_on(self, *, is_enough: bool) -> bool:
        """Give the turn away and wait for the next one; True when all have enough, which ends this part."""
        self._send({"is_enough": is_enough, "seconds": self._cpu_seconds()})
        before = self.others_seconds
        is_over = self._wait()
        self.shared += self.others_seconds > before
        return is_over

    def leave(self) -> None:
        """The others go on without this process."""
        if self._left_seconds is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        with contextlib.suppress(OSError):
            send_frame(self._channel, {"is_enough": True, "seconds": self._cpu_seconds()})
            self._channel.shutdown(socket.SHUT_RDWR)

    def _send(self, message: dict[str, Any]) -> None:
        try:
            send_frame(self._channel, message)
        except OSError as error:
            raise LauncherFailure(_LOST) from error

    def _wait(self) -> bool:
        """Whether this part is over. The clock that ends this process stands meanwhile."""
        if self._left_seconds is not None:
            self._left_seconds = signal.setitimer(signal.ITIMER_REAL, 0)[0] or self._left_seconds
        began = perf_counter()
        try:
            told = receive_frame(self._channel)
        except OSError:
            told = None
        self.waited_seconds += perf_counter() - began
        if told is None:
            raise LauncherFailure(_LOST)
        if self._left_seconds is not None:
            signal.setitimer(signal.ITIMER_REAL, self._left_seconds)
        self.others_seconds = told["others_seconds"]
        return bool(told["is_over"])


_LOST = "Nobody gives this process its turns any more; measure the pair again."


@contextmanager
def taking_turns(ticket: Mapping[str, Any] | None, cpu_seconds: Callable[[], float]) -> Iterator[OwnTurns | None]:
    """The turn of this process: what is inside begins with its first and holds its last. None without a ticket.

    `ticket` is the referee's: the process is bound to as many cores as it says, always the same ones, and SIGALRM ends
    it once its own turns have lasted as long as it says. `cpu_seconds` is what this process has used so far, with those
    it started. Raises LauncherFailure when the referee has gone: beside another, nothing is measured.
    """
    if ticket is None:
        yield None
        return
    os.environ.setdefault("KMP_BLOCKTIME", "0")  # LLVM's and Intel's threads spin 200 ms by default, and read it late
    pinning = None if ticket["cores"] is None else pin_to_cores(ticket["cores"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        try:
            channel.connect(ticket["address"])
        except OSError as error:
            raise LauncherFailure(_LOST) from error
        turns = OwnTurns(channel, ticket, cpu_seconds, pinning)
        try:
            yield turns
        finally:
            turns.leave()
