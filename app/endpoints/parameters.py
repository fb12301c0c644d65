"""What stands behind the question mark of an address, checked."""

from __future__ import annotations

import re

from flask import request
from werkzeug.datastructures import MultiDict

from engine.errors import InvalidValue, UnknownName

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def known_parameters(*names: str) -> MultiDict[str, str]:
    """The parameters of this request; raises UnknownName for any that is not among `names`."""
    for name in request.args:
        if name not in names:
            raise UnknownName("parameter", name, names, field=name)
    return request.args


def limit_of(wanted: MultiDict[str, str], default: int, most: int) -> int:
    """How many rows are asked for; raises InvalidValue."""
    limit = whole_number(wanted.get("limit", str(default)), "limit")
    if not 1 <= limit <= most:
        raise InvalidValue(f"limit {limit} is not between 1 and {most}.", field="limit")
    return limit


def whole_number(value: str, field: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(value):
        raise InvalidValue(f"{field} {value!r} is not a whole number.", field=field)
    return int(value)
