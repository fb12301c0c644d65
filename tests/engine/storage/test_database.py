from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
from pathlib import Path

import duckdb
import pytest

from engine.domain.result import ResultFilter
from engine.errors import DatabaseIncompatible, DatabaseLocked, StorageError
from engine.storage import connection as connections
from engine.storage import migrate as migrations
from engine.storage import results, runs
from engine.storage.database import Database
from tests.builders import a_case
from tests.engine.storage import child

HOLD = """
    import sys, time
    from pathlib import Path
    from engine.storage.database import Database

    database = Database.open(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        database.announce(sys.argv[2])
    print("open", flush=True)
    time.sleep(60)
"""


def test_opening_creates_folder_file_and_schema(tmp_path):
    path = tmp_path / "deep" / "er" / "new.duckdb"
    database = Database.open(path)
    assert path.is_file()
    assert database.version == len(migrations.shipped_migrations())
    database.close()


def test_reopening_applies_no_migration_twice(tmp_path):
    path = tmp_path / "a.duckdb"
    Database.open(path).close()
    database = Database.open(path)
    with database.cursor() as cursor:
        numbers = cursor.execute("select number from modeldyno_schema order by number").fetchall()
    database.close()
    assert numbers == [(migration.number,) for migration in migrations.shipped_migrations()]


def test_migrations_are_numbered_without_gaps():
    numbers = [migration.number for migration in migrations.shipped_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_runs_of_the_first_schema_keep_their_duration(tmp_path):
    path = tmp_path / "a.duckdb"
    connection = duckdb.connect(str(path))
    migrations.migrate(connection, path, migrations.shipped_migrations()[:1])
    connection.execute("""
        insert into run values
            ('a', 1, 'completed', '{"models": ["bert"]}', 'env', now(), '2026-01-01 10:00:00+00',
             '2026-01-01 10:00:02.5+00', 1, null),
            ('b', 2, 'cancelled', '{"models": ["bert"]}', 'env', now(), null, now(), 0, null)
    """)
    connection.close()
    database = Database.open(path)
    with database.cursor() as cursor:
        found = {run.run_id: run.active_seconds for run in runs.recent(cursor)}
        shown = dict(cursor.execute("select run_id, active_seconds from runs").fetchall())
    database.close()
    assert found == shown == {"a": 2.5, "b": None}


def test_results_of_the_third_schema_are_cases_without_the_later_options(tmp_path):
    path = tmp_path / "a.duckdb"
    connection = duckdb.connect(str(path))
    migrations.migrate(connection, path, migrations.shipped_migrations()[:3])
    case = a_case()
    connection.execute(
        """
        insert into result values
            ('r', 'a', $case_id, 'bert', 'text_encoder', $task, 'default', 'cpu', 'fp32', 1, 'inference', $length, null,
             null, false, 0, 'completed', 'measured', 'env', 'cpu', 'cpu', now(), 1.5, null, null, null, null, null,
             null, '[]')
        """,
        {"case_id": case.case_id, "task": case.task, "length": case.sequence_length},
    )
    connection.close()
    database = Database.open(path)
    with database.cursor() as cursor:
        (found,) = results.find(cursor, ResultFilter())
        shown = cursor.execute("select compiled, new_tokens, tokens_per_second from results").fetchone()
    database.close()
    assert found.case == case
    assert shown == (False, None, None)


def test_a_failing_migration_leaves_the_schema_as_it_was(tmp_path):
    path = tmp_path / "a.duckdb"
    Database.open(path).close()
    number = len(migrations.shipped_migrations()) + 1
    broken = migrations.Migration(
        number=number, name="broken", sql="create table half (a integer); select * from nowhere"
    )
    connection = duckdb.connect(str(path))
    with pytest.raises(duckdb.CatalogException):
        migrations.migrate(connection, path, [*migrations.shipped_migrations(), broken])
    tables = connection.execute("select table_name from duckdb_tables()").fetchall()
    newest = connection.execute("select max(number) from modeldyno_schema").fetchone()
    connection.close()
    assert ("half",) not in tables
    assert newest == (number - 1,)


def test_a_write_that_fails_changes_nothing(database):
    def half(cursor):
        cursor.execute("insert into case_facts values ('a', 1, 2, 3, 4, 5)")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        database.write(half)
    with database.cursor() as cursor:
        assert cursor.execute("select count(*) from case_facts").fetchone() == (0,)
    assert database.writes == 0


def test_a_statement_that_fails_names_the_file_and_the_next_write_works(database):
    with pytest.raises(StorageError, match=r"modeldyno\.duckdb"):
        database.write(lambda cursor: cursor.execute("insert into nowhere values (1)"))
    database.write(lambda cursor: cursor.execute("insert into case_facts values ('a', 1, 2, 3, 4, 5)") and None)
    assert database.writes == 1


def test_a_write_inside_a_write_is_refused_instead_of_waiting_for_ever(database):
    with pytest.raises(StorageError, match="inside a write"):
        database.write(lambda _: database.write(lambda _: None))


def test_a_disk_that_does_not_tell_its_room_ends_no_writing(tmp_path, monkeypatch):
    def does_not_answer(path):
        raise OSError(errno.ESTALE, "Stale file handle")

    database = Database.open(tmp_path / "a.duckdb")
    monkeypatch.setattr(connections, "_LOG_BYTES", 0)
    database._connection._fold_at = 0
    monkeypatch.setattr(shutil, "disk_usage", does_not_answer)
    database.write(lambda cursor: cursor.execute("select 1"))
    database._writer.join(0.2)
    assert database._writer.is_alive(), "later writes would wait for ever"
    monkeypatch.undo()
    database.close()


def test_a_reader_who_comes_as_it_is_closed_does_not_open_it_again(tmp_path, monkeypatch):
    database = Database.open(tmp_path / "a.duckdb")
    refuse_if_closed = database._refuse_if_closed

    def closed_right_after():
        refuse_if_closed()
        database.close()

    monkeypatch.setattr(database, "_refuse_if_closed", closed_right_after)
    with pytest.raises(StorageError, match="closed"), database.cursor():
        pass
    code = "import sys, pathlib; from engine.storage.database import Database; Database.open(pathlib.Path(sys.argv[1]))"
    child.run(code, str(database.path))


def test_a_closed_database_says_so(tmp_path):
    database = Database.open(tmp_path / "a.duckdb")
    database.close()
    database.close()
    with pytest.raises(StorageError, match="closed"), database.cursor():
        pass
    with pytest.raises(StorageError, match="closed"):
        database.write(lambda _: None)


def test_a_read_that_fails_is_explained(database):
    with pytest.raises(StorageError, match="could not be read"), database.cursor() as cursor:
        cursor.execute("select * from nowhere")


def test_closing_waits_for_writes_under_way(tmp_path):
    path = tmp_path / "a.duckdb"
    database = Database.open(path)
    begun = threading.Event()

    def slow(cursor):
        begun.set()
        cursor.execute("insert into case_facts select 'c' || i, i, i, i, i, i from range(20000) t(i)")

    writer = threading.Thread(target=database.write, args=(slow,))
    writer.start()
    begun.wait(10)
    database.close()
    writer.join(10)
    again = Database.open(path)
    with again.cursor() as cursor:
        assert cursor.execute("select count(*) from case_facts").fetchone() == (20000,)
    again.close()


def test_a_locked_database_names_its_holder(tmp_path):
    path = tmp_path / "a.duckdb"
    holder = child.start(HOLD, str(path))
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        with pytest.raises(DatabaseLocked) as caught:
            Database.open(path)
    finally:
        holder.kill()
        holder.communicate()
    message = caught.value.message
    assert str(path) in message
    assert f"process {holder.pid} (" in message and "python" in message
    assert "--server URL" in message and "--db-path" in message


def test_a_database_locked_by_a_server_gives_its_address(tmp_path):
    path = tmp_path / "a.duckdb"
    holder = child.start(HOLD, str(path), "http://127.0.0.1:8050")
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        with pytest.raises(DatabaseLocked, match=r"--server http://127\.0\.0\.1:8050"):
            Database.open(path)
    finally:
        holder.kill()
        holder.communicate()
    survivor = child.start(HOLD, str(path))
    try:
        assert survivor.stdout is not None and survivor.stdout.readline() == "open\n"
        with pytest.raises(DatabaseLocked) as caught:
            Database.open(path)
    finally:
        survivor.kill()
        survivor.communicate()
    assert "8050" not in caught.value.message, "the note of a dead server must not be believed"


def test_closing_withdraws_the_announcement(tmp_path):
    database = Database.open(tmp_path / "a.duckdb")
    database.announce("http://127.0.0.1:1")
    assert (tmp_path / "a.duckdb.server").exists()
    database.close()
    assert not (tmp_path / "a.duckdb.server").exists()


def _text(path: Path) -> None:
    path.write_text("these are not the bytes you are looking for\n" * 100)


def _short(path: Path) -> None:
    path.write_bytes(b"hi")


def _sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.commit()
    connection.close()


def _truncated(path: Path) -> None:
    Database.open(path).close()
    path.write_bytes(path.read_bytes()[:9000])


def _overwritten(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"x" * 8192
    path.write_bytes(content)


def _damaged_tables(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[12288:] = b"\xff" * (len(content) - 12288)
    path.write_bytes(content)


def _foreign(path: Path) -> None:
    connection = duckdb.connect(str(path))
    connection.execute("create table invoices (amount double)")
    connection.close()


def _newer(path: Path) -> None:
    Database.open(path).close()
    connection = duckdb.connect(str(path))
    connection.execute("insert into modeldyno_schema values (999, 'from_the_future', now())")
    connection.close()


def _other_duckdb(path: Path) -> None:
    """A storage version no DuckDB has; without the checksum DuckDB sees damage first, which is as good a reason."""
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[12:20] = (99999).to_bytes(8, "little")
    path.write_bytes(content)


@pytest.mark.parametrize(
    "make",
    [_text, _short, _sqlite, _truncated, _overwritten, _damaged_tables, _foreign, _newer, _other_duckdb],
)
def test_an_unusable_file_is_named_and_left_alone(tmp_path, make):
    path = tmp_path / "mine.duckdb"
    make(path)
    before = path.read_bytes()
    with pytest.raises(DatabaseIncompatible) as caught:
        Database.open(path)
    assert str(path) in caught.value.message
    assert "--db-path" in caught.value.message
    assert path.read_bytes() == before


def test_an_empty_file_is_as_good_as_none(tmp_path):
    path = tmp_path / "a.duckdb"
    path.write_bytes(b"")
    database = Database.open(path)
    database.close()
    assert database.version == len(migrations.shipped_migrations())


PENDING = """
    import os, sys
    import duckdb

    connection = duckdb.connect(sys.argv[1])
    connection.execute("create table invoices (amount double)")
    connection.execute("checkpoint")
    connection.execute("insert into invoices from range(1000)")
    os._exit(0)
"""


def test_a_foreign_file_keeps_its_log_too(tmp_path):
    path = tmp_path / "a.duckdb"
    child.run(PENDING, str(path))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(before) == {"a.duckdb", "a.duckdb.wal"}
    with pytest.raises(DatabaseIncompatible, match="nothing in it was changed"):
        Database.open(path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_newer_schema_advises_an_upgrade(tmp_path):
    path = tmp_path / "a.duckdb"
    _newer(path)
    with pytest.raises(DatabaseIncompatible, match=r"schema version 999.*Upgrade"):
        Database.open(path)


def test_stale_snapshots_are_cleared_on_opening(tmp_path):
    stale = tmp_path / "a.duckdb.snapshot-7"
    stale.write_text("left by a killed process")
    Database.open(tmp_path / "a.duckdb").close()
    assert not stale.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.duckdb"]
