"""When a request is sent again, and how long after."""

from __future__ import annotations

import random
import time

import httpx

ATTEMPTS = 6
"""Of one request that may be repeated, the first among them."""
PATIENT_ATTEMPTS = 120
"""Where the first is still being answered."""
MOST_SECONDS = 30.0
"""What a client waits where a server asks for more."""
_FIRST_SECONDS = 0.25
_BEING_ANSWERED = 409
"""The first of two equal requests is being answered, which may take as long as importing torch."""
_COME_AGAIN = (_BEING_ANSWERED, 429, 503)
"""Statuses that mean it where they name a time to come again."""


def seconds_to_wait(attempt: int, answer: httpx.Response | None, deadline: float | None = None) -> float | None:
    """Before the attempt after number `attempt` (from 1); None where there is to be none.

    `answer` is None where there was none. A server that says when to come again is heeded; else pauses double, each a
    little different, so that many clients do not come at once. None is made after `deadline` (of time.monotonic).
    """
    pause = _pause(attempt, answer)
    if pause is None or deadline is None:
        return pause
    left = deadline - time.monotonic()
    return min(pause, left) if left > 0 else None


def _pause(attempt: int, answer: httpx.Response | None) -> float | None:
    is_being_answered = answer is not None and answer.status_code == _BEING_ANSWERED
    if attempt >= (PATIENT_ATTEMPTS if is_being_answered else ATTEMPTS):
        return None
    if answer is None:
        return _FIRST_SECONDS * 2.0 ** (attempt - 1) * random.uniform(0.8, 1.2)
    told = answer.headers.get("Retry-After", "")
    if answer.status_code not in _COME_AGAIN or not (told.isascii() and told.isdigit()):
        return None
    return min(float(told), MOST_SECONDS)
