"""What every error is answered with: RFC 9457 problem details."""

from __future__ import annotations

from typing import Any, NotRequired

from engine.contract.answer import TypedDict, answer

__all__ = ["Fault", "Problem"]


@answer
class Fault(TypedDict):
    """One value at fault."""

    field: str | None
    pointer: str
    """JSON pointer to it in the body, or the parameter's name."""
    message: str
    value: NotRequired[Any]


@answer
class Problem(TypedDict):
    """An error, in words that say what to do."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    """The path that was asked."""
    field: NotRequired[str]
    """Which part of the request is at fault."""
    nearest: NotRequired[list[str]]
    """Known names that are like an unknown one."""
    role: NotRequired[str]
    """That it takes to do what was asked."""
    allowed: NotRequired[list[str]]
    """Methods that the path takes."""
    errors: NotRequired[list[Fault]]
    reasons: NotRequired[list[str]]
    """Why the server is not ready."""
