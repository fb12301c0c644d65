"""Whether a write would do now, found out without writing."""

from __future__ import annotations

import threading

import pytest

from engine.errors import DiskFull, StorageError
from engine.storage.database import Database

SECONDS = 10.0


def test_an_attempt_leaves_nothing_behind_and_does_not_count_as_a_write(database: Database) -> None:
    before = database.writes
    for _ in range(2):
        database.check_writable(timeout_seconds=SECONDS)
    with database.cursor() as cursor:
        assert cursor.execute("select count(*) from run_plan").fetchone() == (0,)
    assert database.writes == before


def test_a_writer_that_hangs_is_told_after_a_while_and_works_again_afterwards(database: Database) -> None:
    goes_on = threading.Event()
    stuck = threading.Thread(target=database.write, args=(lambda cursor: goes_on.wait(SECONDS),))
    stuck.start()
    with pytest.raises(StorageError, match=r"has not taken a change for 0\.05 s"):
        database.check_writable(timeout_seconds=0.05)
    goes_on.set()
    stuck.join(SECONDS)
    database.check_writable(timeout_seconds=SECONDS)


def test_a_disk_without_much_room_is_no_place_to_write(database: Database) -> None:
    with pytest.raises(DiskFull, match=r"only \d+ MiB are left"):
        database.check_writable(timeout_seconds=SECONDS, least_bytes=2**62)


def test_a_closed_database_says_so(database: Database) -> None:
    database.close()
    with pytest.raises(StorageError, match="is closed"):
        database.check_writable(timeout_seconds=SECONDS)


def test_sizes_are_those_of_the_files(database: Database) -> None:
    sizes = database.sizes()
    assert sizes["file"] == database.path.stat().st_size > 0
    assert sizes["log"] == database.path.with_name(f"{database.path.name}.wal").stat().st_size > 0
    database.close()
    assert database.sizes()["log"] == 0, "folded in, so there is no such file"
