"""Whether the server is well."""

from __future__ import annotations

from engine.contract.answer import TypedDict, answer

__all__ = ["Health", "Ready"]


@answer
class Health(TypedDict):
    """The server answers and its database can be read."""

    status: str
    results: int
    active_runs: int
    database_version: int


@answer
class Ready(TypedDict):
    """The server takes work."""

    status: str
