"""Exit statuses, the same for every command."""

from __future__ import annotations

from engine.errors import EngineError, InvalidValue, QueryRefused, UnknownName

GOOD = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130
"""Ended by Ctrl-C or SIGTERM: 128 + SIGINT, as shells count."""


def status_of(error: EngineError) -> int:
    """USAGE when what was typed can never work, FAILED when it could elsewhere or at another time."""
    return USAGE if isinstance(error, InvalidValue | UnknownName | QueryRefused) else FAILED
