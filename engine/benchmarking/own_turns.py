"""A case process's side of being measured in turns with others."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from engine.benchmarking.frames import receive_frame, send_frame


class OwnTurns:
    """This process's turns; the referee passes them round. Made by `taking_turns`, which waits for the first."""

    def __init__(self, channel: socket.socket, place: int, cpu_seconds: Callable[[], float]) -> None:
        self._channel = channel
        self._cpu_seconds = cpu_seconds
        self._is_alone = False
        self.others_seconds = 0.0
        """CPU time that the others had used when this turn began."""
        self.waited_seconds = 0.0
        """For turns, so far."""
        self._send({"place": place, "seconds": cpu_seconds()})
        self._wait()

    def pass_on(self, *, is_enough: bool) -> bool:
        """Give the turn away and wait for the next one; True when all have enough, which ends this part."""
        if self._is_alone:
            return is_enough
        self._send({"is_enough": is_enough, "seconds": self._cpu_seconds()})
        return self._wait() or (self._is_alone and is_enough)

    def leave(self) -> None:
        """The others go on without this process."""
        self._send({"is_enough": True, "seconds": self._cpu_seconds()})
        self._channel.close()

    def _send(self, message: dict[str, Any]) -> None:
        try:
            send_frame(self._channel, message)
        except OSError:
            self._is_alone = True

    def _wait(self) -> bool:
        """Whether this part is over. Without a referee this process has all turns."""
        began = perf_counter()
        try:
            told = None if self._is_alone else receive_frame(self._channel)
        except OSError:
            told = None
        self.waited_seconds += perf_counter() - began
        if told is None:
            self._is_alone = True
            return False
        self.others_seconds = told["others_seconds"]
        return bool(told["is_over"])


@contextmanager
def taking_turns(ticket: Mapping[str, Any] | None, cpu_seconds: Callable[[], float]) -> Iterator[OwnTurns | None]:
    """The turn of this process: what is inside begins with its first and holds its last. None without a ticket.

    `ticket` is the referee's. `cpu_seconds` is what this process has used so far, with those it started.
    """
    if ticket is None:
        yield None
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.connect(ticket["address"])
        turns = OwnTurns(channel, ticket["place"], cpu_seconds)
        try:
            yield turns
        finally:
            turns.leave()
