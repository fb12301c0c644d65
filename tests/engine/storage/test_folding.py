"""Folding the log into the file: DuckDB lets its buffers go, and neither readers nor the file are the worse for it."""

from __future__ import annotations

import ctypes
import json
import threading

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
        database.write(lambda _: None)  # after which the log is folded
        database.write(lambda _: None)  # waits for that
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


@pytest.fixture
def folding_each_time(database, monkeypatch) -> Database:
    monkeypatch.setattr(connections, "_CURSORS", 1)
    return database


def test_a_small_log_is_folded_after_so_many_cursors(database, monkeypatch):
    _fill(database)
    before = _log(database)
    assert 0 < before < connections._LOG_BYTES
    monkeypatch.setattr(connections, "_CURSORS", 9)
    for _ in range(9):
        _kept(database)
        database.write(lambda cursor: cursor.execute("insert into kept values (1)") and None)
    assert _log(database) < before / 10
    assert _kept(database)[0] == 100_009


def test_letting_go_changes_no_limit_and_writes_no_file(folding_each_time):
    database = folding_each_time
    _fill(database)
    assert _log(database) == 0
    assert _kept(database) == (100_000, "1.0 GiB")
    assert [path.name for path in database.path.parent.iterdir()] == [database.path.name]


def test_who_reads_on_meanwhile_keeps_a_cursor_that_works(folding_each_time):
    database = folding_each_time
    _fill(database)
    with database.cursor() as cursor:
        cursor.execute("select i from kept")
        begin = cursor.fetchmany(10)
        writer = threading.Thread(
            target=database.write, args=(lambda other: other.execute("insert into kept values (-1)") and None,)
        )
        writer.start()
        writer.join(30)
        assert not writer.is_alive(), "a reader holds up the writer"
        rest = cursor.fetchall()
    assert len(begin) + len(rest) == 100_000
    assert _kept(database) == (100_001, "1.0 GiB")


def test_a_limit_that_cannot_be_put_back_is_not_kept(folding_each_time, caplog):
    database = folding_each_time
    _fill(database)
    connection = database._connection
    real = connection._root
    assert real is not None

    class Stuck:
        """Takes the low limit and refuses the old one."""

        cursor, close = real.cursor, real.close

        def execute(self, sql):
            if "1GiB" in sql:
                raise duckdb.IOException("no more")
            return real.execute(sql)

    connection._root = Stuck()  # type: ignore[assignment]
    database.write(lambda cursor: cursor.execute("insert into kept values (-1)") and None)
    assert "could not be folded" in caplog.text
    assert _kept(database) == (100_001, "1.0 GiB")


def test_a_database_closed_while_readers_are_waited_for_stays_closed(folding_each_time, monkeypatch):
    connection = folding_each_time._connection
    hold = connection._hold

    def closed_meanwhile(seconds):
        was_alone = hold(seconds)
        connection.close()
        return was_alone

    monkeypatch.setattr(connection, "_hold", closed_meanwhile)
    connection._let_buffers_go()
    with pytest.raises(StorageError, match="closed"), connection.cursor():
        pass
