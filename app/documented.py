"""What the document of the API says of an endpoint, written where the endpoint is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "documented_operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. Its summary and description are the docstring of the view."""

    tag: str
    answers: Mapping[int, Any]
    """Status -> type of the JSON, or a media type such as text/html for what is none."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    problems: frozenset[int] = field(default_factory=frozenset)
    """Statuses that are answered with problem details, beside those that any request may meet."""
    is_repeatable: bool = False
    """Whether it heeds the header Idempotency-Key."""


def documented(
    tag: str,
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    problems: tuple[HTTPStatus, ...] = (),
    is_repeatable: bool = False,
    **answers: Any,
) -> Callable[[View], View]:
    """Say what a view takes and gives: `ok=`, `accepted=`, `created=` and so on, by the names of HTTPStatus."""
    operation = Operation(
        tag=tag,
        answers={HTTPStatus[name.upper()].value: kind for name, kind in answers.items()},
        body=body,
        query=query,
        problems=frozenset(status.value for status in problems),
        is_repeatable=is_repeatable,
    )

    def keep(view: View) -> View:
        setattr(view, _ATTRIBUTE, operation)
        return view

    return keep


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """None where nothing is said."""
    return getattr(view, _ATTRIBUTE, None)
