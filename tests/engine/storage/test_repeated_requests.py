"""What was answered under a key is kept for a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from duckdb import DuckDBPyConnection

from engine.storage import repeated_requests
from engine.storage.database import Database
from engine.storage.repeated_requests import AnsweredRequest

ANSWERED = AnsweredRequest(request_digest="d1", status=202, location="/api/runs/r1", answer={"run_id": "r1"})


def _keep(database: Database, key: str, answered: AnsweredRequest = ANSWERED) -> None:
    database.write(lambda cursor: repeated_requests.keep(cursor, key, answered))


def _find(database: Database, key: str) -> AnsweredRequest | None:
    with database.cursor() as cursor:
        return repeated_requests.find(cursor, key)


def _age(database: Database, by: timedelta) -> None:
    def shift(cursor: DuckDBPyConnection) -> None:
        cursor.execute("update repeated_request set asked_at = asked_at - $by", {"by": by})

    database.write(shift)


def _count(database: Database) -> int:
    with database.cursor() as cursor:
        row = cursor.execute("select count(*) from repeated_request").fetchone()
    assert row is not None
    return int(row[0])


def test_an_answer_comes_back_equal(database: Database) -> None:
    _keep(database, "one")
    assert _find(database, "one") == ANSWERED
    assert _find(database, "two") is None


@pytest.mark.parametrize(("by", "found"), [(timedelta(hours=23), ANSWERED), (timedelta(hours=25), None)])
def test_a_key_stands_for_its_request_for_a_day(
    database: Database, by: timedelta, found: AnsweredRequest | None
) -> None:
    _keep(database, "one")
    _age(database, by)
    assert _find(database, "one") == found


def test_what_is_older_than_a_day_is_forgotten_and_its_key_may_be_used_anew(database: Database) -> None:
    _keep(database, "one")
    _keep(database, "two")
    _age(database, timedelta(hours=25))
    other = AnsweredRequest(request_digest="d2", status=202, location=None, answer={"run_id": "r2"})
    _keep(database, "one", other)
    assert _find(database, "one") == other
    assert _count(database) == 1


def test_one_that_has_begun_is_kept_before_it_is_answered_and_can_be_forgotten(database: Database) -> None:
    database.write(lambda cursor: repeated_requests.begin(cursor, "one", "d1"))
    begun = _find(database, "one")
    assert begun is not None and (begun.is_answered, begun.request_digest) == (False, "d1")
    _keep(database, "one")
    assert _find(database, "one") == ANSWERED and ANSWERED.is_answered
    database.write(lambda cursor: repeated_requests.forget(cursor, "one"))
    assert _find(database, "one") is None
