"""How something that changes is watched by any number of readers, none of whom can hold it up."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar


class Numbered(Protocol):
    @property
    def sequence(self) -> int:
        """Grows with each change."""
        ...


Snapshot = TypeVar("Snapshot", bound=Numbered)


class Watched(ABC, Generic[Snapshot]):
    """State behind one lock, with a number that grows at each change. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        """Held by whoever reads or changes the state."""
        self._sequence = 0
        self._changed_at = datetime.now(UTC)
        """When the state changed last."""
        self._last_told: tuple[int, Snapshot] | None = None
        """The sequence of a change and its snapshot: many readers wait for the same."""

    @abstractmethod
    def _snapshot(self) -> Snapshot:
        """The present state; whoever calls this holds the lock."""

    @abstractmethod
    def _is_over(self) -> bool:
        """Whether nothing will change any more; whoever calls this holds the lock."""

    def snapshot(self) -> Snapshot:
        with self._changed:
            return self._snapshot()

    def wait_beyond(self, sequence: int, timeout: float | None, closed: threading.Event) -> Snapshot | None:
        """The snapshot as soon as its sequence exceeds `sequence`; None after the timeout, closing or the end.

        Whoever waits for the same change gets the same snapshot.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._sequence <= sequence:
                left = None if deadline is None else deadline - time.monotonic()
                if closed.is_set() or self._is_over() or (left is not None and left <= 0):
                    return None
                self._changed.wait(left)
            if self._last_told is None or self._last_told[0] != self._sequence:
                self._last_told = (self._sequence, self._snapshot())
            return self._last_told[1]

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _touch(self) -> None:
        self._sequence += 1
        self._changed_at = datetime.now(UTC)
        self._changed.notify_all()


class Subscription(Generic[Snapshot]):
    """Snapshots, always the newest: a slow reader misses the ones between and never makes memory grow."""

    def __init__(self, watched: Watched[Snapshot] | None, first: Snapshot) -> None:
        self._watched = watched
        self._first: Snapshot | None = first
        self._seen = first.sequence
        self._closed = threading.Event()

    def next(self, timeout: float | None = None) -> Snapshot | None:
        """The newest snapshot not yet seen: the first at once, later ones when something has changed.

        None when nothing changed within `timeout` seconds, or after `close`; after the final one, None at once.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._watched is None or self._closed.is_set():
            return None
        changed = self._watched.wait_beyond(self._seen, timeout, self._closed)
        if changed is not None:
            self._seen = changed.sequence
        return changed

    def is_to(self, watched: Watched[Snapshot]) -> bool:
        """Whether it hears of this very thing."""
        return self._watched is watched

    def close(self) -> None:
        """Wakes a reader that waits."""
        self._closed.set()
        if self._watched is not None:
            self._watched.wake()
