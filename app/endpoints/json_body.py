"""The JSON object that a request carries, checked."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest

from app.endpoints.query_string import refuse_query
from engine.errors import UnknownName

Body = TypeVar("Body", bound=BaseModel)

MAX_DEPTH = 20
"""Objects and lists inside one another; no body needs more than two."""
_TOO_DEEP = f"The body nests objects or lists more than {MAX_DEPTH} deep; no request needs that."


def read_body(kind: type[Body]) -> Body:
    """The body as `kind`, whatever its content type says.

    Raises BadRequest when it is no JSON object, UnknownName for a field that does not exist or for a parameter in the
    address, and pydantic's ValidationError for values that do not fit.
    """
    refuse_query()
    text = request.get_data(as_text=True, cache=True)
    if not text.strip():
        raise BadRequest("The body is empty; send a JSON object.")
    parsed = _parse(text)
    if not isinstance(parsed, dict):
        raise BadRequest(f"The body is not a JSON object: {text.strip()[:80]!r}.")
    if _is_deeper(parsed, MAX_DEPTH):
        raise BadRequest(_TOO_DEEP)
    known = [field.alias or name for name, field in kind.model_fields.items()]
    for name in parsed:
        if name not in known:
            raise UnknownName("field", name, known, field=name)
    return kind.model_validate(parsed)


def _parse(text: str) -> Any:
    """What the text says; None when it is no JSON. Raises BadRequest for what JSON or its readers cannot hold."""
    try:
        return json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
    except RecursionError:
        raise BadRequest(_TOO_DEEP) from None
    except ValueError:
        return None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        _refuse_number(text)
    return number


def _refuse_number(text: str) -> NoReturn:
    raise BadRequest(f"The body holds {text[:40]}, which is no finite number; JSON has no other.")


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        if not layer:
            return False
        layer = [inner for outer in layer if isinstance(outer, dict | list) for inner in _inside(outer)]
    return bool(layer)


def _inside(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return list(outer.values()) if isinstance(outer, dict) else outer
