"""Keys come back equal, are revoked once, and their last use only moves forward."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.domain.api_key import Role
from engine.errors import QueryFailed, QueryRefused, StorageError
from engine.storage import api_keys, sandbox
from engine.storage.api_keys import StoredKey
from engine.storage.database import Database
from tests.builders import A_TIME, an_api_key


def _save(database: Database, **differing: object) -> StoredKey:
    stored = StoredKey(key=an_api_key(**differing), secret_hash="$argon2id$stands-for-a-hash")
    database.write(lambda cursor: api_keys.save(cursor, stored))
    return stored


def _everything(database: Database) -> list[StoredKey]:
    with database.cursor() as cursor:
        return api_keys.everything(cursor)


def test_keys_come_back_equal_oldest_first(database: Database) -> None:
    second = _save(database, key_id="b", created_at=A_TIME + timedelta(days=1), role=Role.ADMIN)
    first = _save(database, key_id="a", expires_at=A_TIME + timedelta(days=2), last_used_at=A_TIME, revoked_at=A_TIME)
    assert _everything(database) == [first, second]


def test_two_keys_of_one_id_are_refused(database: Database) -> None:
    _save(database)
    with pytest.raises(StorageError):
        _save(database, name="other")
    assert [stored.key.name for stored in _everything(database)] == ["nightly-ci"]


def test_the_moment_of_the_first_revocation_stays(database: Database) -> None:
    _save(database)
    for days in (1, 2):
        at = A_TIME + timedelta(days=days)
        database.write(lambda cursor, at=at: api_keys.revoke(cursor, an_api_key().key_id, at))
    assert [stored.key.revoked_at for stored in _everything(database)] == [A_TIME + timedelta(days=1)]


def test_the_last_use_only_moves_forward(database: Database) -> None:
    _save(database)
    for minutes in (5, 3):
        at = A_TIME + timedelta(minutes=minutes)
        database.write(lambda cursor, at=at: api_keys.note_use(cursor, an_api_key().key_id, at))
    assert [stored.key.last_used_at for stored in _everything(database)] == [A_TIME + timedelta(minutes=5)]


def test_keys_survive_the_end_of_the_program(database: Database) -> None:
    stored = _save(database)
    database.close()
    opened = Database.open(database.path)
    assert _everything(opened) == [stored]
    opened.close()


@pytest.mark.parametrize("table", ["api_key", "audit", "main.api_key"])
def test_nobody_reads_hashes_or_the_audit_in_sql(database: Database, table: str) -> None:
    _save(database)
    with pytest.raises((QueryFailed, QueryRefused)):
        sandbox.run_query(database, f"select * from {table}")
