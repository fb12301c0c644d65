"""How a client names a request, so that sent again it starts nothing twice."""

from __future__ import annotations

import re

from engine.errors import InvalidValue

__all__ = ["HEADER", "checked_key"]

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,200}")


def checked_key(text: str) -> str:
    """`text`; raises InvalidValue for what can be no key."""
    if not _KEY.fullmatch(text):
        raise InvalidValue(f"{HEADER} is 1 to 200 printable ASCII characters without blanks.", field=HEADER)
    return text
