"""Keys that are being verified: who brings the same one meanwhile waits for what comes of it.

A program that asks with many requests at once presents a key for the first time with each of them. Verified one by one,
each would count as an attempt until it turned out right, and the later ones would be refused as if the key were wrong.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future

from engine.domain.api_key import ApiKey


class Verifications:
    """Those under way at one server. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, bytes], Future[ApiKey]] = {}

    def share(self, address: str, secret: str, verify: Callable[[], ApiKey]) -> ApiKey:
        """What `verify` says of `secret`, asked once for all who bring it from `address` until it has answered."""
        name = address, hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            found = self._under_way.get(name)
            mine: Future[ApiKey] = Future()
            if found is None:
                self._under_way[name] = mine
        if found is not None:
            return found.result()
        try:
            mine.set_result(verify())
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._under_way[name]
        return mine.result()
