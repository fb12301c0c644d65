from __future__ import annotations

import threading
import time

import duckdb

from engine.storage import results
from engine.storage.database import Database
from engine.storage.snapshot import VIEWS
from tests.builders import a_result


def _copies(folder):
    return sorted(path.name for path in folder.iterdir() if ".snapshot-" in path.name)


def test_a_copy_holds_the_views_and_nothing_else(database, tmp_path):
    with database.snapshots.current() as path:
        copy = duckdb.connect(str(path), read_only=True)
        names = {name for (name,) in copy.execute("select table_name from information_schema.tables").fetchall()}
        copy.close()
    assert names == set(VIEWS)


def test_a_copy_is_kept_until_something_is_written(database, tmp_path):
    with database.snapshots.current() as first, database.snapshots.current() as second:
        assert first == second
    database.write(lambda cursor: results.save(cursor, a_result()))
    with database.snapshots.current() as third:
        assert third != first
        copy = duckdb.connect(str(third), read_only=True)
        assert copy.execute("select count(*) from results").fetchone() == (1,)
        copy.close()
    assert _copies(tmp_path) == [third.name]


def test_a_copy_in_use_outlives_the_next_one(database, tmp_path):
    with database.snapshots.current() as old:
        database.write(lambda cursor: results.save(cursor, a_result()))
        with database.snapshots.current() as new:
            assert old.exists() and new.exists()
        assert old.exists()
    assert _copies(tmp_path) == [new.name]


def test_closing_removes_the_copy(tmp_path):
    database = Database.open(tmp_path / "it's.duckdb")
    with database.snapshots.current():
        assert len(_copies(tmp_path)) == 1
    database.close()
    assert _copies(tmp_path) == []


def test_a_copy_does_not_hold_up_the_writer(database):
    def fill(cursor):
        results.save(cursor, a_result())
        cursor.execute(
            "insert into measurement select 'x' || i, 0, 'latency', 's', 0.5, "
            "cast(list_transform(range(50), lambda n: n + i / 7) as text) from range(60000) t(i)"
        )
        cursor.execute(
            "insert into result select 'x' || i, result.* exclude (result_id) from result, range(60000) t(i)"
        )

    database.write(fill)
    copying = threading.Event()
    slowest = 0.0
    written = 0

    def copy() -> None:
        try:
            with database.snapshots.current():
                pass
        finally:
            copying.set()

    thread = threading.Thread(target=copy)
    begun = time.perf_counter()
    thread.start()
    while not copying.is_set():
        number, before = written, time.perf_counter()
        database.write(lambda cursor, number=number: results.save(cursor, a_result(result_id=f"during-{number}")))
        slowest, written = max(slowest, time.perf_counter() - before), written + 1
    thread.join()
    took = time.perf_counter() - begun
    assert written >= 3, f"only {written} writes were possible in the {took:.2f} s of copying"
    assert slowest < took / 2
