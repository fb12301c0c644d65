"""Tickets for WebSockets: a page of another origin cannot send a key with one, because browsers let it set no header.

It fetches a ticket with its key and names it among the protocols of the socket, which stands in no address and so in no
log or history. A ticket opens one socket, within seconds, for the origin that fetched it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.sessions import Session

PROTOCOL = "modeldyno"
"""What the server answers that it speaks: a browser gives a socket up when none of its protocols is answered."""
LIFE_SECONDS = 30.0
MOST_OF_ONE_KEY = 20
"""Tickets of one key that wait to be used; a further one takes the place of the oldest."""
_PREFIX = "ticket."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    key_id: str | None
    """Of the key that it was fetched with; None for whoever is at this machine."""
    session: Session | None
    origin: str | None
    """Of the page that fetched it; None for a program."""
    made_at: float


class SocketTickets:
    """The unused tickets of one server, by digest. Methods may be called from any thread."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._waiting: dict[str, Ticket] = {}

    def make(self, *, key_id: str | None, session: Session | None, origin: str | None) -> str:
        """The protocol to name, ticket and all."""
        text = _PREFIX + secrets.token_urlsafe(32)
        ticket = Ticket(key_id=key_id, session=session, origin=origin, made_at=self._now())
        with self._lock:
            self._waiting = {digest: one for digest, one in self._waiting.items() if not self._is_past(one)}
            of_key = [digest for digest, one in self._waiting.items() if one.key_id == key_id]
            for oldest in of_key[: max(0, len(of_key) - MOST_OF_ONE_KEY + 1)]:
                del self._waiting[oldest]
            self._waiting[_digest(text)] = ticket
        return text

    def take(self, text: str, *, origin: str | None) -> Ticket | None:
        """The ticket, which opens nothing any more; None for one that is unknown, used, past, or another origin's."""
        with self._lock:
            ticket = self._waiting.pop(_digest(text), None)
        if ticket is None or self._is_past(ticket) or ticket.origin != origin:
            return None
        return ticket

    def _is_past(self, ticket: Ticket) -> bool:
        return self._now() - ticket.made_at >= LIFE_SECONDS


def ticket_among(protocols: Iterable[str]) -> str | None:
    """The protocol that is a ticket, of those that a socket offers."""
    return next((name for name in protocols if name.startswith(_PREFIX)), None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
