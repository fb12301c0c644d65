"""Who may use which device, in the order of asking."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.workflows.device_claims import DeviceClaims

PROCESSOR = frozenset({"cpu"})
"""What everything occupies that computes and has no device of its own."""

_DEVICES_OF_THEIR_OWN = ("cuda", "rocm", "mps", "qnn")
"""Backends that leave the processor to others; all the rest compute on it."""
_LOOK_SECONDS = 0.1
"""How often a waiting thread looks whether it was cancelled."""


OnWait = Callable[[str], None]
"""Told whom a thread waits for, in words to show."""


def computes_on_processor(backend: str) -> bool:
    return backend not in _DEVICES_OF_THEIR_OWN


class Cancelled(Exception):
    """What a thread meets where it waits or works after its run was cancelled."""


class Ticket:
    """A place in the line; compared by identity, so that two may want the same devices."""

    def __init__(self, devices: frozenset[str]) -> None:
        self.devices = devices


class DeviceTurns:
    """First come, first served, for sets of devices: nothing overtakes an earlier one that wants the same device.

    With `claims`, whose turn it is also waits for other programs on this machine.
    """

    def __init__(self, claims: DeviceClaims | None = None) -> None:
        self._claims = claims
        self._condition = threading.Condition()
        self._using: set[str] = set()
        self._waiting: list[Ticket] = []

    def queue_up(self, devices: frozenset[str]) -> Ticket:
        """A place in the line, kept until its turn has begun or `leave` gives it up."""
        ticket = Ticket(devices)
        with self._condition:
            self._waiting.append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give up a place; of one whose turn has begun there is none left."""
        with self._condition:
            self._waiting = [other for other in self._waiting if other is not ticket]
            self._condition.notify_all()

    @contextmanager
    def turn(
        self, devices: frozenset[str], cancel: threading.Event, *, on_wait: OnWait | None = None
    ) -> Iterator[None]:
        """Hold all of `devices`; `on_wait` is told whom it waits for where they are not free. Raises Cancelled."""
        with self.turn_of(self.queue_up(devices), cancel, on_wait=on_wait):
            yield

    @contextmanager
    def turn_of(self, ticket: Ticket, cancel: threading.Event, *, on_wait: OnWait | None = None) -> Iterator[None]:
        """`turn`, at a place taken before."""
        devices = ticket.devices
        self._acquire(ticket, cancel, on_wait)
        try:
            with nullcontext() if self._claims is None else self._claims.held(devices, cancel, on_wait=on_wait):
                yield
        finally:
            with self._condition:
                self._using -= devices
                self._condition.notify_all()

    def _acquire(self, ticket: Ticket, cancel: threading.Event, on_wait: OnWait | None) -> None:
        try:
            if on_wait is not None and not self._is_next(ticket):
                on_wait("Waiting for another measurement")
            with self._condition:
                while not self._may_go(ticket):
                    if cancel.is_set():
                        raise Cancelled
                    self._condition.wait(_LOOK_SECONDS)
                if cancel.is_set():
                    raise Cancelled
                self._using |= ticket.devices
        finally:
            self.leave(ticket)

    def _is_next(self, ticket: Ticket) -> bool:
        with self._condition:
            return self._may_go(ticket)

    def _may_go(self, ticket: Ticket) -> bool:
        if self._using & ticket.devices:
            return False
        for earlier in self._waiting:
            if earlier is ticket:
                return True
            if earlier.devices & ticket.devices:
                return False
        return True
