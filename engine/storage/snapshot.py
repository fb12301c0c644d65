"""Read-only copies of what people may query, made by the owner for processes that cannot open the live file."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StorageError
from engine.storage import problems
from engine.storage.new_file import log_path
from engine.storage.query_places import QueryPlaces

if TYPE_CHECKING:
    from engine.storage.database import Database

VIEWS = (
    *("results", "measurements", "failures", "runs", "environments", "compatibility", "conformance"),
    *("memory_estimates", "calibrations", "imports"),
)
"""What the SQL console offers, in the order it lists them; all else stays out of reach."""


@dataclass(slots=True)
class _Copy:
    path: Path
    writes: int
    users: int = 0


class Snapshots:
    """The newest copy of one database's views, renewed when something was written since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._current: _Copy | None = None
        self.places = QueryPlaces()
        """Whoever queries a copy holds one."""
        self._numbers = itertools.count(1)

    @contextmanager
    def current(self) -> Iterator[Path]:
        """A copy no older than this call, kept on disk for as long as the block runs. Others may use it meanwhile."""
        copy = self._acquire()
        try:
            yield copy.path
        finally:
            self._release(copy)

    def close(self) -> None:
        """Remove the copy that nobody uses; one in use goes when its user is done."""
        with self._lock:
            copy, self._current = self._current, None
            if copy is not None and copy.users == 0:
                copy.path.unlink(missing_ok=True)

    def _acquire(self) -> _Copy:
        with self._making:  # one at a time: whoever waited finds the copy made
            with self._lock:
                if self._current is not None and self._current.writes == self._database.writes:
                    self._current.users += 1
                    return self._current
            made = self._make()
            with self._lock:
                made.users += 1
                replaced, self._current = self._current, made
                if replaced is not None and replaced.users == 0:
                    replaced.path.unlink(missing_ok=True)
        return made

    def _release(self, copy: _Copy) -> None:
        with self._lock:
            copy.users -= 1
            if copy.users == 0 and copy is not self._current:
                copy.path.unlink(missing_ok=True)

    def _make(self) -> _Copy:
        number = next(self._numbers)
        path = snapshot_path(self._database.path, number)
        name = f"snapshot_{number}"
        writes = self._database.writes  # read before copying: a write in between makes the copy count as old
        try:
            with self._database.cursor() as cursor:
                cursor.execute(f"attach '{_quoted(path)}' as {name}")
                try:
                    cursor.begin()
                    for view in VIEWS:
                        cursor.execute(f"create table {name}.{view} as from {view}")
                    cursor.commit()
                finally:
                    problems.roll_back(cursor)
                    cursor.execute(f"detach {name}")
        except StorageError:
            path.unlink(missing_ok=True)
            log_path(path).unlink(missing_ok=True)
            raise
        return _Copy(path=path, writes=writes)


def snapshot_path(database_path: Path, number: int) -> Path:
    return database_path.with_name(f"{database_path.name}.snapshot-{number}")


def remove_stale_snapshots(database_path: Path) -> None:
    """Delete copies left by a killed owner; only the present owner of the file may call this."""
    for left in database_path.parent.glob(f"{database_path.name}.snapshot-*"):
        left.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
