"""The connection under a database: cursors are counted, so that it can be renewed when DuckDB has given up on it.

DuckDB appends each commit to a log beside the file and folds that log into the file now and then. When the folding
fails (a full disk), it refuses every further statement until the file is opened anew, although no commit is lost. So
folding is done here, deliberately: only when there is room, never as a part of a commit, and with a fresh start after
a failure.

DuckDB 2.0 also keeps a record of each buffer that a join or a sort once used, in queues of buffers it might evict, and
clears them away late: 4 to 20 KiB a query, 45 MiB in the end. An attempt to evict everything empties the queues, so one
is made with each folding. Both wait for a moment when nobody reads: what a reader still sees keeps DuckDB from using
the file's old blocks again.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from engine.errors import StorageError
from engine.storage import problems
from engine.storage.new_file import log_path

_MEMORY_LIMIT = "1GiB"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": _MEMORY_LIMIT,
    "threads": "4",
    "checkpoint_threshold": "1TiB",
}
"""Nothing is fetched from a network; measurements keep the machine to themselves as far as possible; no folding of the
log as a side effect of a commit."""

_LOG_BYTES = 4 * 2**20
"""Size of the log from which it is folded into the file; until then its content is in memory as well."""
_CURSORS = 1_000
"""So many cursors after a folding the next one is due, however small the log: some MiB of records of their buffers."""
_SPARE_BYTES = 64 * 2**20
"""Room that must remain beside twice the log's size before it is folded."""
_WAIT_SECONDS = 30.0
"""How long to wait for readers before the connection is renewed."""
_PAUSE_SECONDS = 0.25
"""How long new readers wait, at most, until those under way have ended, so that the log can be folded in."""
_SLACK_BYTES = 2 * 2**20
"""How much more than it holds DuckDB may have while it is made to evict."""
_TOO_MUCH = "select len(list(i)) from range(1000000) numbers(i)"
"""Needs 8 MB that cannot be moved to a temporary file."""

_log = logging.getLogger(__name__)


class Connection:
    """One DuckDB instance on one file; renewed in place when it has become unusable."""

    def __init__(self, path: Path) -> None:
        """Raises what `problems.explain_open_error` says."""
        self.path = path
        self._changed = threading.Condition()
        self._cursors = 0
        self._cursors_since_folding = 0
        self._has_called = False
        self._is_held = False
        """Whether new cursors wait."""
        self.when_due: Callable[[], None] = _do_nothing
        """Called once, by whoever closes a cursor, when `fold_in_log` has become due by the number of cursors."""
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
        """Move a log that is large, or old, into the file, when there is room; a failure costs nothing but time.

        A log that is merely old waits until nobody reads; a large one does not.
        """
        size = self._fold_at
        try:
            size = size_of(log_path(self.path))
            if size < self._fold_at and self._cursors_since_folding < _CURSORS:
                return
            self._cursors_since_folding, self._has_called = 0, False
            if shutil.disk_usage(self.path.parent).free < 2 * size + _SPARE_BYTES:
                return
            if not self._fold_alone(size) and size >= self._fold_at:
                with self.cursor() as cursor:
                    cursor.execute("checkpoint")
        except Exception as error:  # the thread that writes must go on, whatever it is
            self._fold_at = max(2 * size, _LOG_BYTES)  # try again later, not after each write
            _log.warning("The log of %s could not be folded in; nothing is lost. %s", self.path, error)
        else:
            self._fold_at = _LOG_BYTES

    def renew(self) -> None:
        """Open the file anew once nobody reads any more; on failure the next cursor tries again."""
        with self._changed:
            broken = self._root
            self._changed.wait_for(lambda: not self._is_held, timeout=2 * _WAIT_SECONDS)
            if self._is_held or self._root is None or self._root is not broken:
                return  # somebody else has done it
            if not self._hold(_WAIT_SECONDS):
                _log.warning("%s is opened anew while %d cursors are open.", self.path, self._cursors)
            try:
                self._drop_root()
            finally:
                self._let_in()

    def _fold_alone(self, log_bytes: int) -> bool:
        """Fold, and let buffers go, while nobody is inside; whether there was such a moment."""
        with self._changed:
            if self._is_held:
                return False
            try:
                if not self._hold(_PAUSE_SECONDS) or self._root is None:
                    return False
                if log_bytes:
                    self._root.execute("checkpoint")
                self._let_buffers_go(self._root)
                return True
            except duckdb.Error as error:
                if _has_given_up(error):
                    self._drop_root()
                raise
            finally:
                self._let_in()

    def _let_buffers_go(self, root: DuckDBPyConnection) -> None:
        """Evict all that DuckDB could do without. Nobody may be inside: their queries would fail.

        DuckDB does that for a query that does not fit below the limit, before it refuses it. What is not in the file
        yet would go to a temporary one, so this comes right after a folding. The file stays locked all the time, as it
        would not if it were opened anew.
        """
        row = root.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchone()
        held = int(row[0] or 0) if row else 0
        try:
            root.execute(f"set memory_limit = '{held + _SLACK_BYTES}B'")
            with suppress(duckdb.OutOfMemoryException):
                root.execute(_TOO_MUCH).fetchall()
            root.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")
        except BaseException:
            self._drop_root()  # rather opened anew than left with a limit that no query can keep
            raise

    def _hold(self, seconds: float) -> bool:
        """Let nobody in, and wait for those inside; whether they had gone by then. Under the lock."""
        self._is_held = True
        return self._changed.wait_for(lambda: self._cursors == 0, timeout=seconds)

    def _let_in(self) -> None:
        self._is_held = False
        self._changed.notify_all()

    def _drop_root(self) -> None:
        root, self._root = self._root, None
        if root is not None:
            root.close()

    def close(self) -> None:
        """For good: who comes later does not open the file again."""
        with self._changed:
            self._closed = True
            self._drop_root()

    def _enter(self) -> DuckDBPyConnection:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._is_held, timeout=2 * _WAIT_SECONDS):
                raise StorageError(f"The database {self.path} does not respond; restart the program.")
            if self._closed:
                raise StorageError(f"The database {self.path} is closed; the program is ending.")
            if self._root is None:
                self._root = _connect(self.path)
            cursor = self._root.cursor()
            self._cursors += 1
            self._cursors_since_folding += 1
            return cursor

    def _leave(self) -> None:
        with self._changed:
            self._cursors -= 1
            self._changed.notify_all()
            calls = self._cursors_since_folding >= _CURSORS and not self._has_called
            self._has_called |= calls
        if calls:
            self.when_due()

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


def _do_nothing() -> None:
    """Until somebody wants to be called."""


def _has_given_up(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.FatalException) or "has been invalidated" in str(error)
