"""Single cells as values; a cell that cannot be one raises ValueError with a clause that follows its place."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from engine.domain.case import Precision

Choice = TypeVar("Choice", bound=StrEnum)

_PRECISIONS = {"float32": "fp32", "float": "fp32", "float16": "fp16", "half": "fp16", "bfloat16": "bf16"}
"""What other tools call a precision."""
_MOST_CHARACTERS = 200
_MOST_WHOLE = 2**31 - 1
"""What the database holds in a column of whole numbers."""


def text_of(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError(f"{name} {value!r} is no text")
    text = str(value).strip()
    if len(text) > _MOST_CHARACTERS or any(not character.isprintable() for character in text):
        raise ValueError(f"{name} is longer than {_MOST_CHARACTERS} characters or holds signs that do not print")
    return text or None


def whole_of(name: str, value: Any) -> int | None:
    """A whole number from 1; 8.0 is one as well."""
    if value is None:
        return None
    number = _number(name, value)
    if number != int(number) or number < 1:
        raise ValueError(f"{name} {value!r} is not a whole number of 1 or more")
    if number > _MOST_WHOLE:
        raise ValueError(f"{name} {value!r} is more than {_MOST_WHOLE}")
    return int(number)


def samples_of(name: str, value: Any) -> tuple[float, ...] | None:
    """One positive number or a list of them; in CSV a list is written [1.2, 1.3]."""
    if value is None:
        return None
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError(f"{name} {value!r} is no list of numbers") from None
    numbers = [_number(name, found) for found in (value if isinstance(value, list | tuple) else [value])]
    if not numbers:
        raise ValueError(f"{name} is an empty list")
    if faulty := [number for number in numbers if not number > 0]:
        raise ValueError(f"{name} {faulty[0]:g} is not a positive number")
    return tuple(numbers)


def flag_of(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if str(value).strip().casefold() not in known:
        raise ValueError(f"{name} {value!r} is neither true nor false")
    return known[str(value).strip().casefold()]


def time_of(name: str, value: Any) -> datetime | None:
    """ISO 8601; without a zone it is taken as UTC."""
    if value is None:
        return None
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"{name} {value!r} is no time; write it like 2026-01-31T12:00:00Z") from None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} {value!r} lies outside the years 1 to 9999 in UTC") from None


def choice_of(kind: type[Choice], name: str, value: Any) -> Choice | None:
    text = text_of(name, value)
    if text is None:
        return None
    plain = text.casefold()
    plain = _PRECISIONS.get(plain, plain) if kind is Precision else plain
    if plain not in tuple(kind):
        raise ValueError(f"{name} {text!r} is unknown; choose from {', '.join(kind)}")
    return kind(plain)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        raise ValueError(f"{name} {value!r} is no number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} {value!r} is no number") from None
    except OverflowError:
        raise ValueError(f"{name} has {len(str(abs(value)))} digits and is no number that can be kept") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} {value!r} is no finite number")
    return number
