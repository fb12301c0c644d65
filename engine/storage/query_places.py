"""Who may query at once: a few, of each client fewer, so that nobody's slow questions lock all others out."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import TooManyQueries

MAX_QUERIES = 2
"""How many run at once, for each may take as much memory as it is allowed."""
MAX_OF_A_CLIENT = 1
MAX_WAITING = 8
"""Whoever waits holds one of the server's threads, which others need for their pages."""
MAX_WAITING_OF_A_CLIENT = 2


class QueryPlaces:
    """First come, first served, except that nobody waits behind a client who has all that one may have."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: Counter[str] = Counter()
        self._waiting: list[_Ticket] = []

    @property
    def running(self) -> int:
        with self._changed:
            return self._running.total()

    @property
    def waiting(self) -> int:
        with self._changed:
            return len(self._waiting)

    @contextmanager
    def place(self, client: str, *, patience_seconds: float) -> Iterator[None]:
        """Hold a place; raises TooManyQueries when none comes free in time, or too many wait already."""
        self._enter(client, patience_seconds)
        try:
            yield
        finally:
            with self._changed:
                self._running[client] -= 1
                if not self._running[client]:
                    del self._running[client]
                self._changed.notify_all()

    def _enter(self, client: str, patience_seconds: float) -> None:
        ticket = _Ticket(client)
        deadline = time.monotonic() + patience_seconds
        with self._changed:
            self._waiting.append(ticket)
            try:
                if not self._may_go(ticket):
                    self._refuse_if_too_many_wait(client)
                while not self._may_go(ticket):
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise self._refusal(client)
                    self._changed.wait(left)
                self._running[client] += 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()  # those behind may go where this one could not

    def _may_go(self, ticket: _Ticket) -> bool:
        if self._running.total() >= MAX_QUERIES or self._has_all(ticket.client):
            return False
        for earlier in self._waiting:
            if earlier is ticket:
                return True
            if not self._has_all(earlier.client):
                return False
        return True

    def _has_all(self, client: str) -> bool:
        return self._running[client] >= MAX_OF_A_CLIENT

    def _refuse_if_too_many_wait(self, client: str) -> None:
        """The one who asks is among those who wait already."""
        of_this_client = sum(ticket.client == client for ticket in self._waiting)
        if of_this_client > MAX_WAITING_OF_A_CLIENT or len(self._waiting) > MAX_WAITING:
            raise self._refusal(client)

    def _refusal(self, client: str) -> TooManyQueries:
        if self._has_all(client):
            return TooManyQueries("Another query of yours is running; ask again when it has ended.")
        return TooManyQueries(
            f"{self._running.total()} other queries are running; ask again when one of them has ended."
        )


class _Ticket:
    """A place in the line; compared by identity."""

    def __init__(self, client: str) -> None:
        self.client = client
