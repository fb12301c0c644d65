"""The audit: entries are added and read, and never changed."""

from __future__ import annotations

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from engine.domain.audit import AuditEntry
from engine.storage.values import time_of

_APPEND = """
    insert into audit (asked_at, method, path, action, status, key_id, actor, address)
    select unnest($asked_at)::timestamptz, unnest($method), unnest($path), unnest($action)::text, unnest($status),
           unnest($key_id)::text, unnest($actor), unnest($address)
"""

_NEWEST = """
    select epoch_us(asked_at), method, path, action, status, key_id, actor, address
    from audit
    order by number desc limit $limit
"""


def append(cursor: DuckDBPyConnection, entries: Sequence[AuditEntry]) -> None:
    """Add entries in this order, in one statement."""
    if not entries:
        return
    fields = ("asked_at", "method", "path", "action", "status", "key_id", "actor", "address")
    cursor.execute(_APPEND, {field: [getattr(entry, field) for entry in entries] for field in fields})


def newest(cursor: DuckDBPyConnection, *, limit: int) -> list[AuditEntry]:
    """The last entries, newest first."""
    return [
        AuditEntry(
            asked_at=time_of(asked_at),
            method=method,
            path=path,
            action=action,
            status=status,
            key_id=key_id,
            actor=actor,
            address=address,
        )
        for asked_at, method, path, action, status, key_id, actor, address in cursor.execute(
            _NEWEST, {"limit": limit}
        ).fetchall()
    ]
