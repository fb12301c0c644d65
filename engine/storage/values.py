"""Domain values to JSON text and back, exactly; and times to and from the microseconds a database returns."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_json(value: Any) -> str:
    """A dataclass (or plain value) as JSON text; enumerations by value. Floats keep every bit."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return json.dumps(plain, default=_plain, allow_nan=False)


def from_json(kind: type[Value], text: str) -> Value:
    """The `kind` written by `to_json`; an unknown field is ignored, a missing one takes its default."""
    built: Value = _build(kind, json.loads(text))
    return built


def from_microseconds(value: int | None) -> datetime | None:
    """An aware UTC time from DuckDB's `epoch_us`; None stays None."""
    return None if value is None else time_of(value)


def time_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form.")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, value: Any) -> Any:
    """`value`, read from JSON, as the annotated type `kind`."""
    if value is None or kind is Any:
        return value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (option for option in get_args(kind) if option is not type(None))
        return _build(inner, value)
    if origin is tuple:
        parts = get_args(kind)
        if len(parts) == 2 and parts[1] is Ellipsis:
            return tuple(_build(parts[0], item) for item in value)
        return tuple(_build(part, item) for part, item in zip(parts, value, strict=True))
    if origin in (Mapping, dict):
        return dict(value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{f.name: _build(hints[f.name], value[f.name]) for f in fields(kind) if f.name in value})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is float:
        return float(value)
    return value
