"""The one-time token: how a program that starts a server as its child gets a key of it, and nobody else does.

It is handed over in the environment, because other users of the machine see the arguments of a process. It buys one key
that lives in memory, within minutes of the start; used or late, it is worth nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Callable, MutableMapping

from engine.errors import InvalidValue, KeyRefused

VARIABLE = "MODELDYNO_ONE_TIME_TOKEN"
LIFE_SECONDS = 300.0
"""From when the server is ready: a program that waits for it uses the token at once."""
_FORM = re.compile(r"[A-Za-z0-9_-]{32,200}", re.ASCII)


def digest_of_token_in(environment: MutableMapping[str, str]) -> bytes | None:
    """SHA-256 of the token that was handed over, which is taken out of `environment` so that no child inherits it.

    None without one. Raises InvalidValue, which does not quote it, for a text that could be guessed.
    """
    token = environment.pop(VARIABLE, None)
    if token is None:
        return None
    if not _FORM.fullmatch(token):
        raise InvalidValue(
            f"${VARIABLE} is not 32 to 200 letters, digits, '-' or '_'; make it of random bytes, such as 32 of them in "
            "base64url.",
            field="one_time_token",
        )
    return _digest(token)


class OneTimeToken:
    """The token of one server, by its digest alone. Methods may be called from any thread."""

    def __init__(self, digest: bytes | None, *, now: Callable[[], float] = time.monotonic) -> None:
        """`digest` None: the server was started without one, and nothing is right."""
        self._digest = digest
        self._now = now
        self._until = now() + LIFE_SECONDS
        self._lock = threading.Lock()

    def spend(self, given: str) -> bytes:
        """What `give_back` takes, when `given` is the token; it is worth nothing from now on. Raises KeyRefused."""
        with self._lock:
            if self._digest is not None and self._now() >= self._until:
                self._digest = None
            if self._digest is None or not hmac.compare_digest(self._digest, _digest(given)):
                raise KeyRefused(
                    "The one-time token opens nothing: it is wrong, was used before, or is older than "
                    f"{LIFE_SECONDS / 60:.0f} minutes. Start the server again with another one."
                )
            spent, self._digest = self._digest, None
            return spent

    def give_back(self, spent: bytes) -> None:
        """For when nothing could be given for it: it may be tried again."""
        with self._lock:
            self._digest = spent


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
