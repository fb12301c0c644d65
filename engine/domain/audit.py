"""Entries of the audit: who asked for which change, when, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One request that was to change something, granted or refused. Never what was in it."""

    asked_at: datetime
    method: str
    path: str
    """Without the query."""
    action: str | None = None
    """What a page of the dashboard did; None for an endpoint, whose path says it."""
    status: int
    """Of the answer: 403 where it was refused for the role."""
    key_id: str | None = None
    """None where no key was used, or none that is valid."""
    actor: str
    """Name of the key at the time, or in words who it was without one."""
    address: str
    """The client's."""
