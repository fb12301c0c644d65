"""API keys, each with the hash of its secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from engine.domain.api_key import ApiKey, Role
from engine.storage.values import from_microseconds, time_of

_SAVE = """
    insert into api_key values (
        $key_id, $name, $role, $secret_hash, $created_at, $last_used_at, $expires_at, $revoked_at
    )
"""

_ALL = """
    select key_id, name, role, secret_hash, epoch_us(created_at), epoch_us(last_used_at), epoch_us(expires_at),
           epoch_us(revoked_at)
    from api_key
    order by created_at, key_id
"""

_NOTE_USE = """
    update api_key set last_used_at = $at
    where key_id = $key_id and (last_used_at is null or last_used_at < $at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key and what its secret is verified against."""

    key: ApiKey
    secret_hash: str


def save(cursor: DuckDBPyConnection, stored: StoredKey) -> None:
    """Keep a new key."""
    key = stored.key
    cursor.execute(
        _SAVE,
        {
            "key_id": key.key_id,
            "name": key.name,
            "role": key.role.value,
            "secret_hash": stored.secret_hash,
            "created_at": key.created_at,
            "last_used_at": key.last_used_at,
            "expires_at": key.expires_at,
            "revoked_at": key.revoked_at,
        },
    )


def everything(cursor: DuckDBPyConnection) -> list[StoredKey]:
    """Every key that was ever made, oldest first: revoked and expired ones stay."""
    return [
        StoredKey(
            key=ApiKey(
                key_id=key_id,
                name=name,
                role=Role(role),
                created_at=time_of(created_at),
                last_used_at=from_microseconds(last_used_at),
                expires_at=from_microseconds(expires_at),
                revoked_at=from_microseconds(revoked_at),
            ),
            secret_hash=secret_hash,
        )
        for key_id, name, role, secret_hash, created_at, last_used_at, expires_at, revoked_at in cursor.execute(
            _ALL
        ).fetchall()
    ]


def revoke(cursor: DuckDBPyConnection, key_id: str, at: datetime) -> None:
    """From `at` on it is worth nothing; a second time changes nothing."""
    cursor.execute(
        "update api_key set revoked_at = $at where key_id = $key_id and revoked_at is null",
        {"key_id": key_id, "at": at},
    )


def note_use(cursor: DuckDBPyConnection, key_id: str, at: datetime) -> None:
    """Remember that the key was used, unless a later use is known."""
    cursor.execute(_NOTE_USE, {"key_id": key_id, "at": at})
