"""How long somebody waits for the end of an operation."""

from __future__ import annotations

import time

import httpx

from engine.client.errors import TookTooLong
from engine.client.operations import Started

_MOST_SECONDS = {"connect": 5.0, "read": 330.0, "write": 30.0, "pool": 30.0}
"""Of one request, by its parts.

A server's first run is accepted once it has detected its backends, which may take as long as importing torch.
"""
TIMEOUT = httpx.Timeout(**_MOST_SECONDS)
POLL_SECONDS = 0.5
LOOK_SECONDS = 1.0
"""How often a silent socket is asked whether the time is up."""
_LEAST_SECONDS = 0.05
"""What a request is given when the time is all but up; no time at all would be none to connect in."""
_SOCKET_OPEN_SECONDS = 10.0


def seconds_left(deadline: float | None, most: float) -> float:
    """Until `deadline` (of time.monotonic), `most` where that comes first."""
    return most if deadline is None else max(_LEAST_SECONDS, min(most, deadline - time.monotonic()))


def timeout_within(deadline: float | None) -> httpx.Timeout:
    """TIMEOUT, cut short where the deadline comes before."""
    return httpx.Timeout(**{part: seconds_left(deadline, most) for part, most in _MOST_SECONDS.items()})


def socket_open_seconds(deadline: float | None) -> float:
    """How long to wait for a WebSocket to open."""
    return seconds_left(deadline, _SOCKET_OPEN_SECONDS)


def refuse_late(operation: Started, deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TookTooLong(
            f"{operation.system.name} {operation.operation_id} had not ended in time; it goes on at the server. "
            "Wait longer, or cancel it."
        )
