"""Bookkeeping that no request waits for: who changed what, and which keys are in use.

One thread writes whatever has come together since its last write. What the database does not take is tried again; what
does not fit any more is counted, and said in the log.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import datetime

from duckdb import DuckDBPyConnection

from engine.domain.audit import AuditEntry
from engine.errors import StorageError
from engine.storage import api_keys, audit
from engine.storage.database import Database

_log = logging.getLogger(__name__)

MOST_WAITING = 10_000
"""Audit entries that wait for the database; later ones are lost."""
_RETRY_SECONDS = 1.0


class Bookkeeping:
    """The waiting bookkeeping of one database. Every method may be called from any thread."""

    def __init__(self, database: Database, *, most_waiting: int = MOST_WAITING) -> None:
        self._database = database
        self._most_waiting = most_waiting
        self._changed = threading.Condition()
        self._entries: deque[AuditEntry] = deque()
        self._uses: dict[str, datetime] = {}
        self._writing = False
        self._lost = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def lost(self) -> int:
        """How many audit entries of this process were not kept."""
        return self._lost

    @property
    def waiting(self) -> int:
        """How many audit entries the writing thread has not taken yet."""
        return len(self._entries)

    def record(self, entry: AuditEntry) -> None:
        """Write `entry` soon; returns at once."""
        with self._changed:
            if self._closing or len(self._entries) >= self._most_waiting:
                self._lost += 1
                if self._lost == 1:
                    why = "the program is ending" if self._closing else "entries came faster than they were written"
                    _log.error("The audit of %s is not complete: %s.", self.path, why)
                return
            self._entries.append(entry)
            self._wake()

    def note_use(self, key_id: str, at: datetime) -> None:
        """Write soon that the key was used; returns at once."""
        with self._changed:
            if not self._closing:
                self._uses[key_id] = at
                self._wake()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was handed over is written; False when that takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._entries or self._uses or self._writing), timeout)

    def close(self) -> None:
        """Write what is waiting, then stop. Closing twice does no harm."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    @property
    def path(self) -> str:
        return str(self._database.path)

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_batches, name="bookkeeping", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _write_batches(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._entries or self._uses or self._closing)
                if not (self._entries or self._uses):
                    return
                entries, uses = list(self._entries), dict(self._uses)
                self._entries.clear()
                self._uses.clear()
                self._writing = True
            failed = self._written(entries, uses)
            with self._changed:
                self._writing = False
                if failed is not None:
                    self._give_back(entries, uses, failed)
                self._changed.notify_all()
                if failed is not None and not self._closing:
                    self._changed.wait_for(lambda: self._closing, _RETRY_SECONDS)

    def _written(self, entries: list[AuditEntry], uses: dict[str, datetime]) -> StorageError | None:
        def write(cursor: DuckDBPyConnection) -> None:
            audit.append(cursor, entries)
            for key_id, at in uses.items():
                api_keys.note_use(cursor, key_id, at)

        try:
            self._database.write(write, is_bookkeeping=True)
        except StorageError as error:
            return error
        return None

    def _give_back(self, entries: list[AuditEntry], uses: dict[str, datetime], error: StorageError) -> None:
        """Keep what failed for the next try, as far as there is room; when closing there is none."""
        room = 0 if self._closing else max(0, self._most_waiting - len(self._entries))
        self._entries.extendleft(reversed(entries[:room]))
        if not self._closing:
            self._uses = uses | self._uses
        if self._lost == 0 or len(entries) > room:
            _log.error("The audit of %s could not be written. %s", self.path, error.message)
        self._lost += len(entries) - min(room, len(entries))
