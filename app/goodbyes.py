"""Closing connections without making anybody wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_MOST = 256
"""Connections that wait for their client to close too; more are cut off."""
_THREADS = 16


class Goodbyes:
    """Says goodbye aside: a graceful close lasts until the client has closed too, two seconds at most."""

    def __init__(self) -> None:
        self._aside = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="goodbye")
        self._places = threading.BoundedSemaphore(_MOST)

    def say(self, close: Callable[[bool], None]) -> None:
        """Call `close` with whether it may be graceful: in a thread where there is a place, else here and at once."""
        if not self._places.acquire(blocking=False):
            close(False)
            return
        self._aside.submit(self._close, close)

    def _close(self, close: Callable[[bool], None]) -> None:
        try:
            close(True)
        finally:
            self._places.release()
