"""What many sockets send alike, written once."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Snapshot = TypeVar("Snapshot")

MOST_KEPT = 64
"""Runs and operations that are followed at once, of which the newest text is kept."""


class SharedTexts:
    """The JSON of the newest snapshot of each thing that is followed. Methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[object, str]] = OrderedDict()

    def of(self, name: str, snapshot: Snapshot, payload: Callable[[Snapshot], Mapping[str, Any]]) -> str:
        """The text of this very snapshot of what is called `name`."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept[0] is not snapshot:
                kept = self._kept[name] = (snapshot, json.dumps(payload(snapshot)))
                self._kept.move_to_end(name)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            return kept[1]
