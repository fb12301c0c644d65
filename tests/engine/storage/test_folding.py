"""Folding the log into the file: DuckDB lets its buffers go, and neither readers nor the file are the worse for it."""

from __future__ import annotations

import ctypes
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pytest

from engine.errors import StorageError
from engine.storage import connection as connections
from engine.storage.connection import size_of
from engine.storage.database import Database
from engine.storage.new_file import log_path
from tests.engine.storage import child

MIB = 2**20

_GROWTH = """
    import ctypes, json, pathlib, sys

    from engine.domain.result import ResultFilter
    from engine.storage import connection, results
    from engine.storage.database import Database
    from tests.builders import a_result


    class Allocated(ctypes.Structure):
        names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
        _fields_ = [(name, ctypes.c_size_t) for name in names]


    allocated = ctypes.CDLL(None).mallinfo2
    allocated.restype = Allocated
    connection._CURSORS = 200
    database = Database.open(pathlib.Path(sys.argv[1]))
    for number in range(10):
        database.write(lambda cursor: results.save(cursor, a_result(result_id=f"r{number}")))


    def read():
        for _ in range(200):
            with database.cursor() as cursor:
                assert len(results.find(cursor, ResultFilter(limit=9))) == 9
        database.write(lambda _: None)  # waits for the folding that the reads have asked for
        return allocated().uordblks


    warm = read()
    print(json.dumps([read() - warm for _ in range(2)]))
    database.close()
"""
"""What 200 and 400 reads, each a few joins, leave allocated."""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc's count of what is allocated")
def test_reading_on_and_on_leaves_nothing_allocated(tmp_path):
    grown = [step / MIB for step in json.loads(child.run(_GROWTH, str(tmp_path / "a.duckdb"), timeout=120))]
    assert grown[-1] < 1, f"MiB more after 200 and 400 reads: {grown}"


def _log(database: Database) -> int:
    """Its size once the folding after the last write is over."""
    database.write(lambda _: None)
    return size_of(log_path(database.path))


def _fill(database: Database) -> None:
    """A log worth folding."""
    database.write(lambda cursor: cursor.execute("create table kept as select i from range(100000) t(i)") and None)


def _kept(database: Database) -> tuple[int, str]:
    with database.cursor() as cursor:
        row = cursor.execute("select count(*), current_setting('memory_limit') from kept").fetchone()
    assert row is not None
    return row


def _fold(database: Database) -> None:
    """As the thread that writes does after many cursors."""
    database._connection._cursors_since_folding = connections._CURSORS
    database._connection.fold_in_log()


@contextmanager
def _a_folding_that_waits(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For a reader, who leaves at the end; then the folding is over."""
    monkeypatch.setattr(connections, "_PAUSE_SECONDS", 30.0)
    folding = threading.Thread(target=_fold, args=(database,))
    deadline = time.monotonic() + 10
    with database.cursor():
        folding.start()
        while not database._connection._is_held:
            assert time.monotonic() < deadline, "nothing is folded"
            time.sleep(0.001)
        yield
    folding.join(10)
    assert not folding.is_alive()


class Watched:
    """A connection that tells `told` of each statement before it is executed."""

    def __init__(self, real: duckdb.DuckDBPyConnection, told: Callable[[str], None]) -> None:
        self._real, self._told = real, told
        self.cursor, self.close = real.cursor, real.close

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        self._told(sql)
        return self._real.execute(sql)


def _watch(database: Database, told: Callable[[str], None]) -> None:
    connection = database._connection
    assert connection._root is not None
    connection._root = Watched(connection._root, told)  # type: ignore[assignment]


@pytest.fixture
def filled(database: Database) -> Database:
    _fill(database)
    return database


def test_reading_alone_folds_a_small_log_once_in_so_many_cursors(filled: Database, monkeypatch: pytest.MonkeyPatch):
    assert 0 < _log(filled) < connections._LOG_BYTES
    monkeypatch.setattr(connections, "_CURSORS", 20)
    foldings: list[str] = []
    _watch(filled, foldings.append)
    for _ in range(99):
        _kept(filled)
    assert _log(filled) == 0
    assert foldings.count("checkpoint") == 1, "there was nothing more to fold"
    assert 3 <= foldings.count("set memory_limit = '1GiB'") <= 5


def test_a_large_log_is_folded_by_the_write_that_makes_it_so(database: Database, monkeypatch: pytest.MonkeyPatch):
    database._connection._fold_at = 50_000
    _fill(database)
    assert _log(database) == 0


def test_letting_go_changes_no_limit_and_writes_no_file(filled: Database):
    _fold(filled)
    assert _log(filled) == 0
    assert _kept(filled) == (100_000, "1.0 GiB")
    assert [path.name for path in filled.path.parent.iterdir()] == [filled.path.name]


def test_nothing_is_done_to_the_limit_while_anybody_reads(filled: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "_PAUSE_SECONDS", 0.01)
    done: list[str] = []
    _watch(filled, done.append)
    with filled.cursor() as cursor:
        cursor.execute("select i from kept")
        begin = cursor.fetchmany(10)
        _fold(filled)
        assert (done, _log(filled) > 0) == ([], True), "blocks that a reader sees could not be used again"
        rest = cursor.fetchall()
    assert len(begin) + len(rest) == 100_000
    _fold(filled)
    assert (len(done), _log(filled)) == (5, 0)


def test_a_large_log_is_folded_although_somebody_reads(filled: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "_PAUSE_SECONDS", 0.01)
    filled._connection._fold_at = 1
    with filled.cursor() as cursor:
        cursor.execute("select i from kept")
        filled._connection.fold_in_log()
        assert _log(filled) == 0
        assert len(cursor.fetchall()) == 100_000


def test_who_comes_meanwhile_waits_for_the_old_limit_and_no_longer(filled: Database, monkeypatch: pytest.MonkeyPatch):
    """A reader asks for a cursor while another one holds up the folding, and one after the limit was lowered."""
    found: list[tuple[int, str]] = []
    late = threading.Thread(target=lambda: found.append(_kept(filled)))
    last = threading.Thread(target=lambda: found.append(_kept(filled)))

    def told(sql: str) -> None:
        if sql == connections._TOO_MUCH:
            last.start()
            last.join(0.1)

    _watch(filled, told)
    with _a_folding_that_waits(filled, monkeypatch):
        late.start()
        late.join(0.05)
        assert not found
    late.join(10)
    last.join(10)
    assert found == [(100_000, "1.0 GiB")] * 2, "nobody was woken, or one got in too early"


@pytest.mark.parametrize("fault", [duckdb.IOException("no more"), MemoryError("no more")])
def test_a_limit_that_cannot_be_put_back_is_not_kept(
    filled: Database, fault: Exception, caplog: pytest.LogCaptureFixture
):
    def told(sql: str) -> None:
        if "1GiB" in sql:
            raise fault

    _watch(filled, told)
    _fold(filled)
    assert "could not be folded" in caplog.text
    filled.write(lambda cursor: cursor.execute("insert into kept values (-1)") and None)
    assert _kept(filled) == (100_001, "1.0 GiB")


def test_a_folding_that_ends_duckdb_opens_the_file_anew(filled: Database, caplog: pytest.LogCaptureFixture):
    def told(sql: str) -> None:
        if sql == "checkpoint":
            raise duckdb.FatalException("no more")

    _watch(filled, told)
    _fold(filled)
    assert "could not be folded" in caplog.text
    assert filled._connection._root is None
    assert _kept(filled) == (100_000, "1.0 GiB")


def test_a_renewal_asked_for_during_a_folding_comes_after_it(filled: Database, monkeypatch: pytest.MonkeyPatch):
    first = filled._connection._root
    renewing = threading.Thread(target=filled._connection.renew)
    with _a_folding_that_waits(filled, monkeypatch):
        renewing.start()
        renewing.join(0.05)
        assert renewing.is_alive()
    renewing.join(10)
    assert filled._connection._root is None, "the next cursor opens it anew"
    assert _kept(filled) == (100_000, "1.0 GiB")
    assert filled._connection._root is not first


def test_a_database_closed_while_readers_are_waited_for_stays_closed(filled: Database, monkeypatch: pytest.MonkeyPatch):
    connection = filled._connection
    hold = connection._hold

    def closed_meanwhile(seconds: float) -> bool:
        was_alone = hold(seconds)
        connection.close()
        return was_alone

    monkeypatch.setattr(connection, "_hold", closed_meanwhile)
    _fold(filled)
    with pytest.raises(StorageError, match="closed"), connection.cursor():
        pass
