"""Hashes of key secrets: slow on purpose, and few at a time, for each takes tens of milliseconds and 64 MiB."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import Overloaded

AT_ONCE = 2
"""Hashes computed at the same time; others wait in line, so that strangers cannot take all memory and cores."""
_PATIENCE_SECONDS = 5.0

_hasher = PasswordHasher()
"""argon2id with the parameters of RFC 9106 for machines that do other things as well."""
_places = threading.BoundedSemaphore(AT_ONCE)


def hash_of(secret: str) -> str:
    """What to store of `secret`: algorithm, parameters, salt and hash in one text. Raises Overloaded."""
    with _Place():
        return _hasher.hash(secret)


def is_hash_of(stored: str, secret: str) -> bool:
    """Whether `stored` was made from `secret`, compared in constant time. Raises Overloaded."""
    with _Place():
        try:
            return _hasher.verify(stored, secret)
        except (VerificationError, InvalidHashError):
            return False


class _Place:
    def __enter__(self) -> None:
        if not _places.acquire(timeout=_PATIENCE_SECONDS):
            raise Overloaded("Too many keys are being verified at once; try again in some seconds.")

    def __exit__(self, *_: object) -> None:
        _places.release()
