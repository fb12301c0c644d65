"""The text that a key's holder keeps: mdk_<key id>_<random>. The prefix lets scanners and our own logs find it."""

from __future__ import annotations

import re
import secrets
import string
from typing import NamedTuple

PREFIX = "mdk"
_ID_LETTERS = string.ascii_lowercase + string.digits
_LETTERS = string.ascii_letters + string.digits
"""No hyphens: a double click selects the whole secret."""
_ID_LENGTH = 12
_RANDOM_LENGTH = 43
"""Of 62 letters each: 256 bits."""

_FORM = re.compile(rf"{PREFIX}_([a-z0-9]{{{_ID_LENGTH}}})_[A-Za-z0-9]{{{_RANDOM_LENGTH}}}", re.ASCII)
_LOOKS_LIKE_ONE = re.compile(rf"({PREFIX}_[a-z0-9]{{0,{_ID_LENGTH}}})[A-Za-z0-9_%-]*", re.IGNORECASE | re.ASCII)


class KeySecret(NamedTuple):
    key_id: str
    secret: str


def make_secret() -> KeySecret:
    """A secret that nobody can guess, and the id in it."""
    key_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    random = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_LENGTH))
    return KeySecret(key_id, f"{PREFIX}_{key_id}_{random}")


def key_id_in(secret: str) -> str | None:
    """The id of the key that `secret` claims to be; None for a text of any other form or length."""
    match = _FORM.fullmatch(secret)
    return match[1] if match else None


def without_secrets(text: str) -> str:
    """`text` with all but the ids of keys struck out, complete or not: for logs and for answers that quote."""
    return _LOOKS_LIKE_ONE.sub(_struck_out, text)


def _struck_out(match: re.Match[str]) -> str:
    return match[0] if match[0] == match[1] else f"{match[1]}…"
