"""Requests that may be repeated without being carried out twice, each under a key that the client chose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from duckdb import DuckDBPyConnection

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRequest:
    """What was answered the first time."""

    request_digest: str
    """Of method, path and body."""
    status: int
    location: str | None
    answer: Mapping[str, Any]

    @property
    def is_answered(self) -> bool:
        """False of one that is being answered, or whose answer could not be kept."""
        return self.status != HTTPStatus.PROCESSING


def find(cursor: DuckDBPyConnection, key: str) -> AnsweredRequest | None:
    """What the key was used for within the last day."""
    row = cursor.execute(
        "select request_digest, status, location, answer from repeated_request where key = $key and asked_at > $since",
        {"key": key, "since": datetime.now(UTC) - KEPT},
    ).fetchone()
    if row is None:
        return None
    return AnsweredRequest(request_digest=row[0], status=row[1], location=row[2], answer=json.loads(row[3]))


def begin(cursor: DuckDBPyConnection, key: str, request_digest: str) -> None:
    """Remember that it came before anything is done about it."""
    keep(
        cursor,
        key,
        AnsweredRequest(request_digest=request_digest, status=HTTPStatus.PROCESSING, location=None, answer={}),
    )


def forget(cursor: DuckDBPyConnection, key: str) -> None:
    """Of one that did nothing, so that it may be sent again."""
    cursor.execute("delete from repeated_request where key = $key", {"key": key})


def keep(cursor: DuckDBPyConnection, key: str, answered: AnsweredRequest) -> None:
    """Remember it for a day, and forget what is older."""
    now = datetime.now(UTC)
    cursor.execute("delete from repeated_request where asked_at <= $since", {"since": now - KEPT})
    cursor.execute(
        "insert or replace into repeated_request values ($key, $digest, $status, $location, $answer, $asked_at)",
        {
            "key": key,
            "digest": answered.request_digest,
            "status": int(answered.status),
            "location": answered.location,
            "answer": json.dumps(answered.answer),
            "asked_at": now,
        },
    )
