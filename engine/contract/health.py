"""Whether the server is well."""

from __future__ import annotations

from typing import NotRequired

from engine.contract.answer import TypedDict, answer

__all__ = ["Health", "Ready"]


@answer
class Health(TypedDict):
    """The server answers and its database can be read."""

    status: str
    results: NotRequired[int]
    """Strangers are not told this and what follows, where keys are demanded."""
    active_runs: NotRequired[int]
    database_version: NotRequired[int]


@answer
class Ready(TypedDict):
    """The server takes work."""

    status: str
