"""How long somebody waits for the end of an operation."""

from __future__ import annotations

import time

import httpx

from engine.client.errors import TookTooLong
from engine.client.operations import Started

TIMEOUT = httpx.Timeout(30.0, connect=5.0, read=330.0)
"""A server's first run is accepted once it has detected its backends, which may take as long as importing torch."""
POLL_SECONDS = 0.5
LOOK_SECONDS = 1.0
"""How often a silent socket is asked whether the time is up."""


def refuse_late(operation: Started, deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TookTooLong(
            f"{operation.system.name} {operation.operation_id} had not ended in time; it goes on at the server. "
            "Wait longer, or cancel it."
        )
