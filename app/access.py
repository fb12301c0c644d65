"""What the server knows of who may use it, while it runs: its rules, open sessions and who asked how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from app.access_rules import AccessRules
from app.one_time_token import OneTimeToken
from app.rate_limits import RateLimits
from app.sessions import Sessions
from app.socket_tickets import SocketTickets
from app.verifications import Verifications

EXTENSION = "modeldyno-access"
"""Key in Flask's `extensions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    rules: AccessRules
    limits: RateLimits
    one_time_token: OneTimeToken
    sessions: Sessions = field(default_factory=Sessions)
    tickets: SocketTickets = field(default_factory=SocketTickets)
    verifications: Verifications = field(default_factory=Verifications)

    @staticmethod
    def under(rules: AccessRules) -> Access:
        return Access(
            rules=rules,
            limits=RateLimits(rules.requests_per_second),
            one_time_token=OneTimeToken(rules.token_digest),
        )

    def cookie(self, purpose: str) -> str:
        """Name of a cookie: browsers keep one jar for all ports of a host, and several servers may be open."""
        return cookie_name(purpose, self.rules.port)


def cookie_name(purpose: str, port: int | None) -> str:
    return f"modeldyno_{purpose}" if port is None else f"modeldyno_{purpose}_{port}"


def access() -> Access:
    """That of this server; needs an application context."""
    return cast(Access, current_app.extensions[EXTENSION])
