"""The one owner of the database file: a cursor for each reader, one thread for all writes."""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from duckdb import DuckDBPyConnection

from engine.errors import StorageError
from engine.storage import problems
from engine.storage.connection import Connection, reading_only, size_of
from engine.storage.migrate import migrate, present_version, shipped_migrations
from engine.storage.new_file import log_path, nothing_half_made
from engine.storage.snapshot import Snapshots, remove_stale_snapshots

LEAST_BYTES = 8 * 2**20
"""Room below which a database counts as full: some hundred results, and what other programs write meanwhile."""

Outcome = TypeVar("Outcome")

_Job = tuple[Callable[[DuckDBPyConnection], Any], "Future[Any]", bool]


class _Undone(Exception):
    """Ends a transaction that was only an attempt."""


class Database:
    """An open database. Every method may be called from any thread."""

    def __init__(self, connection: Connection, version: int) -> None:
        self._connection = connection
        self._version = version
        self._lock = threading.Lock()
        self._writes = 0
        self._closed = False
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_jobs, name="database-writer", daemon=True)
        self._writer.start()
        connection.when_due = self._wake_writer
        self.snapshots = Snapshots(self)
        """Copies for the SQL console, made when asked for."""

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open or create the database at `path`, with its folder, at this program's schema.

        Raises DatabaseLocked, DatabaseIncompatible, DiskFull or StorageError; the file is then as it was.
        """
        path = path.absolute()
        problems.check_place(path)
        with nothing_half_made(path):
            if log_path(path).exists():
                _refuse_untouched(path)
            connection, version = _open_at_schema(path)
        remove_stale_snapshots(path)
        return cls(connection, version)

    @property
    def path(self) -> Path:
        return self._connection.path

    @property
    def version(self) -> int:
        """Number of the newest migration applied."""
        return self._version

    @property
    def writes(self) -> int:
        """How many writes this process has committed: changes exactly when the content may have changed.

        Bookkeeping is not counted.
        """
        return self._writes

    @contextmanager
    def cursor(self) -> Iterator[DuckDBPyConnection]:
        """A fresh cursor for reading, closed afterwards. Fetch completely; never share it between threads."""
        self._refuse_if_closed()
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except duckdb.Error as error:
            raise problems.explain_read_error(self.path, error) from error

    def write(self, action: Callable[[DuckDBPyConnection], Outcome], *, is_bookkeeping: bool = False) -> Outcome:
        """Run `action` in a transaction of its own on the writer thread and wait for it.

        When this returns, the change is on disk and survives a kill. When it raises, nothing of it happened.
        `is_bookkeeping` is for what no page and no query shows (who asked when): what was computed from the content
        stays good.
        """
        if threading.current_thread() is self._writer:
            raise StorageError("A write was started from inside a write; use the cursor that was handed in.")
        future: Future[Outcome] = Future()
        with self._lock:
            self._refuse_if_closed()
            self._jobs.put((action, future, is_bookkeeping))
        return future.result()

    def check_writable(self, *, timeout_seconds: float, least_bytes: int = LEAST_BYTES) -> None:
        """Whether a write would do now: one is made and undone. Raises StorageError, or DiskFull without much room.

        `writes` stays as it is.
        """

        given_up = threading.Event()

        def attempt(cursor: DuckDBPyConnection) -> None:
            if not given_up.is_set():  # nobody waits for it any more: what piled up on a slow disk ends quickly
                cursor.execute("insert into run_plan values ('', '{}')")
            raise _Undone

        future: Future[None] = Future()
        with self._lock:
            self._refuse_if_closed()
            self._jobs.put((attempt, future, True))
        try:
            future.result(timeout_seconds)
        except _Undone:
            self._connection.check_room(least_bytes)
        except TimeoutError:
            given_up.set()
            raise StorageError(
                f"The database {self.path} has not taken a change for {timeout_seconds:g} s; its disk may be slow or "
                "hang. Look at the server's log, and restart it if that lasts."
            ) from None

    def sizes(self) -> dict[str, int]:
        """Bytes on disk: of the file, and of the log that is not folded into it yet."""
        return {"file": size_of(self.path), "log": size_of(log_path(self.path))}

    def announce(self, url: str) -> None:
        """Tell others who find the file locked that its owner serves at `url`; withdrawn by `close`."""
        note = problems.server_note(self.path)
        draft = note.with_name(f"{note.name}.{os.getpid()}")
        try:
            draft.write_text(json.dumps({"pid": os.getpid(), "url": url}))
            draft.replace(note)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise problems.explain_os_error(note, error) from error

    def close(self) -> None:
        """Finish the writes that are waiting, then let go of the file. Closing twice does no harm."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._writer.join()
        self.snapshots.close()
        note = problems.read_server_note(self.path)
        if note is not None and note[0] == os.getpid():
            problems.server_note(self.path).unlink(missing_ok=True)
        self._connection.close()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StorageError(f"The database {self.path} is closed; the program is ending.")

    def _wake_writer(self) -> None:
        """So that it folds the log in, although there may be nothing to write."""
        self._jobs.put((lambda _: None, Future(), True))

    def _write_jobs(self) -> None:
        while (job := self._jobs.get()) is not None:
            action, future, is_bookkeeping = job
            try:
                with self._connection.cursor() as cursor:
                    outcome = _in_transaction(cursor, action)
            except duckdb.Error as error:
                explained = problems.explain_write_error(self.path, error)
                explained.__cause__ = error
                future.set_exception(explained)
            except BaseException as error:
                future.set_exception(error)
            else:
                self._writes += not is_bookkeeping
                future.set_result(outcome)
            self._connection.fold_in_log()
            del job, action, future  # what the action refers to may go while the next one is awaited


def _refuse_untouched(path: Path) -> None:
    """Raise for a file of something else before DuckDB folds the log beside it in."""
    try:
        with reading_only(path) as connection:
            present_version(connection, path, shipped_migrations())
    except duckdb.Error as error:
        raise problems.explain_open_error(path, error) from error


def _open_at_schema(path: Path) -> tuple[Connection, int]:
    connection = Connection(path)
    try:
        with connection.cursor() as cursor:
            return connection, migrate(cursor, path, shipped_migrations())
    except duckdb.Error as error:
        connection.close()
        raise problems.explain_open_error(path, error) from error
    except BaseException:
        connection.close()
        raise


def _in_transaction(cursor: DuckDBPyConnection, action: Callable[[DuckDBPyConnection], Outcome]) -> Outcome:
    cursor.begin()
    try:
        outcome = action(cursor)
    except BaseException:
        problems.roll_back(cursor)
        raise
    cursor.commit()
    return outcome
