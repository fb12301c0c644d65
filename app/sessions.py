"""Sessions of browsers that signed in with a key: in memory, so that none outlives the server."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

IDLE_SECONDS = 3600.0
"""A session ends this long after its last request: an open dashboard asks every few seconds."""
LIFE_SECONDS = 12 * 3600.0
"""A session ends this long after it began, whatever it does."""
MOST_OF_ONE_KEY = 20
"""Sessions that one key has open; a further one ends the oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    key_id: str
    """The key it was opened with: a session may what its key may, and ends with it."""
    digest: str
    """Of the id that the browser holds; the id itself is kept nowhere here."""
    csrf_token: str
    """What a page must send along with a change: other sites cannot read it."""
    opened_at: float


class Sessions:
    """The open sessions of one server. Methods may be called from any thread."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}
        self._seen_at: dict[str, float] = {}

    def open(self, key_id: str) -> tuple[str, Session]:
        """A session under a fresh id, which is for the browser alone."""
        session_id = secrets.token_urlsafe(32)
        session = Session(
            key_id=key_id, digest=_digest(session_id), csrf_token=secrets.token_urlsafe(32), opened_at=self._now()
        )
        with self._lock:
            self._end_those_past()
            of_key = sorted((one for one in self._open.values() if one.key_id == key_id), key=lambda one: one.opened_at)
            for oldest in of_key[: max(0, len(of_key) - MOST_OF_ONE_KEY + 1)]:
                self._end(oldest.digest)
            self._open[session.digest] = session
            self._seen_at[session.digest] = session.opened_at
        return session_id, session

    def find(self, session_id: str) -> Session | None:
        """The open session of this id, used now; None for an id that was never given out here, or has ended."""
        digest = _digest(session_id)
        with self._lock:
            session = self._open.get(digest)
            if session is None or self._is_past(session):
                self._end(digest)
                return None
            self._seen_at[digest] = self._now()
            return session

    def is_open(self, session: Session) -> bool:
        with self._lock:
            return session.digest in self._open and not self._is_past(session)

    def end(self, session: Session) -> None:
        with self._lock:
            self._end(session.digest)

    def end_those_of(self, key_id: str) -> None:
        """End every session that was opened with this key."""
        with self._lock:
            for digest in [one.digest for one in self._open.values() if one.key_id == key_id]:
                self._end(digest)

    def _is_past(self, session: Session) -> bool:
        now = self._now()
        return now - session.opened_at >= LIFE_SECONDS or now - self._seen_at[session.digest] >= IDLE_SECONDS

    def _end_those_past(self) -> None:
        for digest in [one.digest for one in self._open.values() if self._is_past(one)]:
            self._end(digest)

    def _end(self, digest: str) -> None:
        self._open.pop(digest, None)
        self._seen_at.pop(digest, None)


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()
