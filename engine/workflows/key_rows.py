"""API keys as people and programs read them."""

from __future__ import annotations

from datetime import datetime

from engine.contract.keys import KeyRow
from engine.domain.api_key import ApiKey


def key_row(key: ApiKey, *, now: datetime) -> KeyRow:
    """One key as JSON has it; times are ISO 8601."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role,
        "state": key.state_at(now),
        "created_at": key.created_at.isoformat(),
        "last_used_at": _text(key.last_used_at),
        "expires_at": _text(key.expires_at),
        "revoked_at": _text(key.revoked_at),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
