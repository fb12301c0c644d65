"""How a client names a request, so that sent again it starts nothing twice."""

from __future__ import annotations

import re

from engine.errors import InvalidValue

__all__ = ["HEADER", "KEY_PATTERN", "checked_key"]

HEADER = "Idempotency-Key"
KEY_PATTERN = "[!-~]{1,200}"


def checked_key(text: str) -> str:
    """`text`; raises InvalidValue for what can be no key."""
    if not re.fullmatch(KEY_PATTERN, text):
        raise InvalidValue(f"{HEADER} is 1 to 200 printable ASCII characters without blanks.", field=HEADER)
    return text
