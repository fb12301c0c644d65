"""API keys: who may use a server, and how much."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from engine.errors import InvalidValue

MOST_NAME = 60
"""Characters of a key's name."""
LONGEST_LIFE = timedelta(days=3650)

_LIFE = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Role(StrEnum):
    """What somebody may do; each role may do what those before it may."""

    VIEWER = "viewer"
    """Read: pages, endpoints, WebSockets and the SQL console."""
    OPERATOR = "operator"
    """Also start, cancel and resume runs, generate, calibrate, make reports."""
    ADMIN = "admin"
    """Also make and revoke keys, and read the audit."""

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where `needed` is asked for."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


class KeyState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key. The secret is nowhere in it: it was shown once, and only its hash is stored."""

    key_id: str
    """Part of the secret, and no secret itself: it names the key in lists and in the audit."""
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None = None
    """To about a minute; None before the first time."""
    expires_at: datetime | None = None
    """None: it does not expire."""
    revoked_at: datetime | None = None

    def state_at(self, moment: datetime) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and moment >= self.expires_at:
            return KeyState.EXPIRED
        return KeyState.ACTIVE


def parse_lifetime(text: str) -> timedelta:
    """A text such as 90d, 12h or 30m; raises InvalidValue for anything else and for more than ten years."""
    match = _LIFE.fullmatch(text.strip().lower())
    if match is None:
        raise InvalidValue(f"Lifetime {text!r} is none; write it like 90d, 12h or 30m.", field="expires")
    life = int(match[1]) * _UNIT[match[2]]
    if life > LONGEST_LIFE:
        raise InvalidValue(
            f"A lifetime of {text.strip()} is longer than {LONGEST_LIFE.days}d; leave it out for a key that does not "
            "expire.",
            field="expires",
        )
    return life


def checked_name(text: str) -> str:
    """The name of a key without space around it; raises InvalidValue for one that no list could show."""
    name = text.strip()
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        raise InvalidValue(
            f"Name {name[: MOST_NAME + 1]!r} is not between 1 and {MOST_NAME} printable characters; call the key after "
            "who uses it, such as nightly-ci.",
            field="name",
        )
    return name
