"""What follows the question mark of an address, checked."""

from __future__ import annotations

from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from flask import request
from pydantic import BaseModel

from engine.errors import InvalidValue, UnknownName

Query = TypeVar("Query", bound=BaseModel)


def read_query(kind: type[Query]) -> Query:
    """The parameters as `kind`; lists may be given as ?name=a&name=b or ?name=a,b.

    Raises UnknownName for a parameter that does not exist, InvalidValue for an empty one or one given twice, and
    pydantic's ValidationError for values that do not fit.
    """
    known = list(kind.model_fields)
    given: dict[str, Any] = {}
    for name in request.args:
        if name not in known:
            raise UnknownName("parameter", name, known, field=name)
        given[name] = _several(name) if _is_list(kind.model_fields[name].annotation) else _one(name)
    return kind.model_validate(given)


def refuse_query(*known: str) -> None:
    """Raise UnknownName for any parameter but `known`, where there is nothing to choose."""
    for name in request.args:
        if name not in known:
            raise UnknownName("parameter", name, list(known), field=name)


def _several(name: str) -> list[str]:
    values = [value.strip() for text in request.args.getlist(name) for value in text.split(",") if value.strip()]
    if not values:
        raise InvalidValue(f"{name} is empty; give it a value, or leave it out for all.", field=name)
    return values


def _one(name: str) -> str:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise InvalidValue(f"{name} is given {len(values)} times; give it once.", field=name)
    return values[0]


def _is_list(annotation: Any) -> bool:
    if isinstance(annotation, UnionType):
        return any(_is_list(part) for part in get_args(annotation))
    return get_origin(annotation) is list or annotation is list
