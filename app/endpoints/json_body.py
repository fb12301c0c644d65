"""The JSON object that a request carries, checked."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest

from engine.errors import UnknownName

Body = TypeVar("Body", bound=BaseModel)


def read_body(kind: type[Body]) -> Body:
    """The body as `kind`, whatever its content type says.

    Raises BadRequest when it is no JSON object, UnknownName for a field that does not exist, and pydantic's
    ValidationError for values that do not fit.
    """
    text = request.get_data(as_text=True, cache=True)
    if not text.strip():
        raise BadRequest("The body is empty; send a JSON object.")
    parsed = request.get_json(force=True, silent=True)
    if not isinstance(parsed, dict):
        raise BadRequest(f"The body is not a JSON object: {text.strip()[:80]!r}.")
    for name in parsed:
        if name not in kind.model_fields:
            raise UnknownName("field", name, kind.model_fields, field=name)
    return kind.model_validate(parsed)
