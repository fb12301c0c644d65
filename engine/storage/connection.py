"""The connection under a database: cursors are counted, so that it can be renewed when DuckDB has given up on it.

DuckDB appends each commit to a log beside the file and folds that log into the file now and then. When the folding
fails (a full disk), it refuses every further statement until the file is opened anew, although no commit is lost. So
folding is done here, deliberately: only when there is room, never as a part of a commit, and with a fresh start after
a failure.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from engine.errors import StorageError
from engine.storage import problems
from engine.storage.new_file import log_path

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": "1GiB",
    "threads": "4",
    "checkpoint_threshold": "1TiB",
}
"""Nothing is fetched from a network; measurements keep the machine to themselves as far as possible; no folding of the
log as a side effect of a commit."""

_LOG_BYTES = 16 * 2**20
"""Size of the log from which it is folded into the file."""
_SPARE_BYTES = 64 * 2**20
"""Room that must remain beside twice the log's size before it is folded."""
_WAIT_SECONDS = 30.0
"""How long to wait for readers before the connection is renewed."""

_log = logging.getLogger(__name__)


class Connection:
    """One DuckDB instance on one file; renewed in place when it has become unusable."""

    def __init__(self, path: Path) -> None:
        """Raises what `problems.explain_open_error` says."""
        self.path = path
        self._changed = threading.Condition()
        self._cursors = 0
        self._renewing = False
        self._closed = False
        self._fold_at = _LOG_BYTES
        self._root: DuckDBPyConnection | None = _connect(path)

    @contextmanager
    def cursor(self) -> Iterator[DuckDBPyConnection]:
        """A fresh cursor; when DuckDB turns out to have given up, the next caller gets a new instance."""
        cursor = self._enter()
        gave_up = False
        try:
            yield cursor
        except duckdb.Error as error:
            gave_up = _has_given_up(error)
            raise
        finally:
            cursor.close()
            self._leave()
            if gave_up:
                self.renew()

    def fold_in_log(self) -> None:
        """Move a large log into the file, when there is room; a failure costs nothing but time."""
        size = self._fold_at
        try:
            size = size_of(log_path(self.path))
            if size < self._fold_at:
                return
            if shutil.disk_usage(self.path.parent).free < 2 * size + _SPARE_BYTES:
                return
            with self.cursor() as cursor:
                cursor.execute("checkpoint")
        except (duckdb.Error, StorageError, OSError) as error:
            self._fold_at = 2 * size  # try again later, not after each write
            _log.warning("The log of %s could not be folded in; nothing is lost. %s", self.path, error)
        else:
            self._fold_at = _LOG_BYTES

    def renew(self) -> None:
        """Open the file anew once nobody reads any more; on failure the next cursor tries again."""
        with self._changed:
            if self._renewing or self._root is None:
                return
            self._renewing = True
            try:
                if not self._changed.wait_for(lambda: self._cursors == 0, timeout=_WAIT_SECONDS):
                    _log.warning("%s is opened anew while %d cursors are open.", self.path, self._cursors)
                self._root.close()
                self._root = None
            finally:
                self._renewing = False
                self._changed.notify_all()

    def close(self) -> None:
        """For good: who comes later does not open the file again."""
        with self._changed:
            self._closed = True
            if self._root is not None:
                self._root.close()
                self._root = None

    def _enter(self) -> DuckDBPyConnection:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._renewing, timeout=2 * _WAIT_SECONDS):
                raise StorageError(f"The database {self.path} does not respond; restart the program.")
            if self._closed:
                raise StorageError(f"The database {self.path} is closed; the program is ending.")
            if self._root is None:
                self._root = _connect(self.path)
            cursor = self._root.cursor()
            self._cursors += 1
            return cursor

    def _leave(self) -> None:
        with self._changed:
            self._cursors -= 1
            self._changed.notify_all()

    def check_room(self, least_bytes: int) -> None:
        """Raise DiskFull where less than that is left beside the file, and StorageError where nobody can tell."""
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError as error:
            raise problems.explain_os_error(self.path, error) from error
        if free < least_bytes:
            raise problems.disk_full(self.path, f"only {free // 2**20} MiB are left.")


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def reading_only(path: Path) -> Iterator[DuckDBPyConnection]:
    """A look into a file that leaves it, and the log beside it, untouched."""
    connection = _connect(path, read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path, *, read_only: bool = False) -> DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only, config=_CONFIG)
    except duckdb.Error as error:
        raise problems.explain_open_error(path, error) from error


def _has_given_up(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.FatalException) or "has been invalidated" in str(error)
