"""Who may use the server, and who changed what: bodies and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.answer import Moment, TypedDict, answer
from engine.contract.queries import WHOLE, Query
from engine.domain.api_key import KeyState, Role

__all__ = ["AuditEntries", "AuditQuery", "AuditRow", "KeyBody", "KeyRow", "Keys", "MadeKey"]

MOST_ENTRIES = 10_000


class KeyBody(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str
    """Whose it is, or what for."""
    role: Role
    expires: str | None = None
    """Lifetime, such as 90d; null for a key that does not expire."""


class AuditQuery(Query):
    limit: Annotated[int, Field(strict=True, ge=1, le=MOST_ENTRIES), WHOLE] = 100


@answer
class KeyRow(TypedDict):
    """One key; never its secret."""

    key_id: str
    name: str
    role: Role
    state: KeyState
    created_at: Moment
    last_used_at: Moment | None
    expires_at: Moment | None
    revoked_at: Moment | None


@answer
class Keys(TypedDict):
    """Every key that was ever made, oldest first."""

    keys: list[KeyRow]


@answer
class MadeKey(KeyRow):
    """A new key, with the secret that can never be read again."""

    secret: str


@answer
class AuditRow(TypedDict):
    """One request that was to change something, granted or refused; never what was in it."""

    asked_at: Moment
    method: str
    path: str
    action: str | None
    status: int
    key_id: str | None
    actor: str
    address: str


@answer
class AuditEntries(TypedDict):
    """Newest first."""

    entries: list[AuditRow]
    limit: int
    lost: int
    """Entries that this server could not keep."""
