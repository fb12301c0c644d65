"""What goes wrong between a client and a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import EngineError


class ServerUnreachable(EngineError):
    """No ModelDyno server answers at the address."""

    title = "No server"


class ServerRefused(EngineError):
    """The server answered with an error of its own; the message is the server's."""

    title = "The server refused"

    def __init__(
        self, message: str, *, status: int = 0, problem: Mapping[str, Any] | None = None, field: str | None = None
    ) -> None:
        super().__init__(message, field=field)
        self.status = status
        """Of the HTTP answer."""
        self.problem: Mapping[str, Any] = problem or {}
        """The problem document as it came (RFC 9457)."""


class TookTooLong(EngineError):
    """What was waited for had not ended in the time allowed; it goes on at the server."""

    title = "Not ended in time"
