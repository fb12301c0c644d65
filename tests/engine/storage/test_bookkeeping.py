"""The audit keeps order, never makes anybody wait, and says what it could not keep."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engine.errors import StorageError
from engine.storage import api_keys, audit
from engine.storage.api_keys import StoredKey
from engine.storage.bookkeeping import Bookkeeping
from engine.storage.database import Database
from tests.builders import A_TIME, an_api_key, an_audit_entry


@pytest.fixture
def bookkeeping(database: Database) -> Iterator[Bookkeeping]:
    started = Bookkeeping(database, most_waiting=100)
    yield started
    started.close()


def _kept(database: Database) -> list[str]:
    with database.cursor() as cursor:
        return [entry.path for entry in audit.newest(cursor, limit=1000)]


def test_an_entry_comes_back_equal(database: Database, bookkeeping: Bookkeeping) -> None:
    entries = [
        an_audit_entry(),
        an_audit_entry(key_id=None, actor="nobody known", status=401),
        an_audit_entry(path="/_dash-update-component", action="start a run"),
    ]
    for entry in entries:
        bookkeeping.record(entry)
    assert bookkeeping.flush()
    with database.cursor() as cursor:
        assert audit.newest(cursor, limit=10) == entries[::-1]
        assert audit.newest(cursor, limit=1) == entries[-1:]


def test_entries_keep_their_order_through_a_restart(database: Database) -> None:
    for start in (0, 50):
        writer = Bookkeeping(database)
        for number in range(start, start + 50):
            writer.record(an_audit_entry(path=f"/{number}"))
        writer.close()
    assert _kept(database) == [f"/{number}" for number in reversed(range(100))]


def test_recording_waits_for_no_write(database: Database, bookkeeping: Bookkeeping) -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(database.write, lambda cursor: release.wait(30))
        began = time.perf_counter()
        for number in range(50):
            bookkeeping.record(an_audit_entry(path=f"/{number}"))
        took = time.perf_counter() - began
        assert not bookkeeping.flush(timeout=0.05)
        release.set()
        assert busy.result() and took < 1.0
    assert bookkeeping.flush() and len(_kept(database)) == 50


def test_what_does_not_fit_is_counted_and_said_once(
    database: Database, bookkeeping: Bookkeeping, caplog: pytest.LogCaptureFixture
) -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(database.write, lambda cursor: release.wait(30))
        bookkeeping.record(an_audit_entry(path="/first"))
        while bookkeeping.waiting:  # the writer takes it, and waits for the database
            time.sleep(0.005)
        for number in range(150):
            bookkeeping.record(an_audit_entry(path=f"/{number}"))
        release.set()
    assert bookkeeping.flush()
    assert (len(_kept(database)), bookkeeping.lost) == (101, 50)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_what_the_database_refuses_is_tried_again(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    flaky = _Flaky(database)
    bookkeeping = Bookkeeping(flaky)  # type: ignore[arg-type]
    for number in range(3):
        bookkeeping.record(an_audit_entry(path=f"/{number}"))
    assert bookkeeping.flush(timeout=10)
    bookkeeping.close()
    assert (_kept(database), bookkeeping.lost, flaky.refusals) == (["/2", "/1", "/0"], 0, 1)
    assert "No room" in caplog.text


class _Flaky:
    """A database whose disk was full for a moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.path = database.path
        self.refusals = 0

    def write(self, action: object, *, is_bookkeeping: bool) -> object:
        if not self.refusals:
            self.refusals += 1
            raise StorageError("No room.")
        return self._database.write(action, is_bookkeeping=is_bookkeeping)  # type: ignore[arg-type]


def test_nothing_that_was_computed_from_the_content_becomes_old(database: Database, bookkeeping: Bookkeeping) -> None:
    key = an_api_key()
    database.write(lambda cursor: api_keys.save(cursor, StoredKey(key=key, secret_hash="hash")), is_bookkeeping=True)
    before = database.writes
    bookkeeping.record(an_audit_entry())
    bookkeeping.note_use(key.key_id, A_TIME + timedelta(minutes=1))
    assert bookkeeping.flush()
    assert database.writes == before
    with database.cursor() as cursor:
        (stored,) = api_keys.everything(cursor)
    assert stored.key.last_used_at == A_TIME + timedelta(minutes=1)


def test_closing_writes_what_is_left_and_takes_nothing_more(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bookkeeping = Bookkeeping(database)
    bookkeeping.record(an_audit_entry(path="/last"))
    bookkeeping.close()
    bookkeeping.close()
    bookkeeping.record(an_audit_entry(path="/too-late"))
    assert (_kept(database), bookkeeping.lost) == (["/last"], 1)
    assert "not complete: the program is ending." in caplog.text
