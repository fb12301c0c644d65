"""The JSON object that a request carries."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import BadRequest


def json_object() -> dict[str, object]:
    """The body as a JSON object whatever its content type says; BadRequest when it is none."""
    text = request.get_data(as_text=True, cache=True)
    if not text.strip():
        raise BadRequest("The body is empty; send a JSON object.")
    parsed = request.get_json(force=True, silent=True)
    if not isinstance(parsed, dict):
        raise BadRequest(f"The body is not a JSON object: {text.strip()[:80]!r}.")
    return parsed
