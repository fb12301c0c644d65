"""A launcher without processes that examines at once, or fails as a test tells it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.benchmarking.launchers import ProcessOutcome
from engine.conformance.ended import Ended
from engine.conformance.journal import Journal
from engine.domain.conformance import Check, Verdict
from engine.domain.result import Failure, FailureKind


@dataclass
class ExaminingLauncher:
    """Every check of every module works, but for the types in `slow`, `hanging` and `refused`."""

    slow: Mapping[str, float] = field(default_factory=dict)
    """Seconds that a type's examination takes; others take no time."""
    hanging: tuple[str, ...] = ()
    """Types that last until they are stopped."""
    refused: tuple[str, ...] = ()
    """Types for which no process could be started."""
    calls: list[tuple[str, float, Mapping[str, Any]]] = field(default_factory=list)
    """Type, time limit and arguments of each examination."""
    folders: list[Path] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    """Set when a hanging one has begun."""
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        timeout_seconds: float,
        memory_limit_bytes: int | None = None,
        cancel: threading.Event | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> ProcessOutcome:
        assert function == "engine.conformance.examine:examine"
        assert memory_limit_bytes is not None and memory_limit_bytes > 0
        name = Path(arguments["path"]).stem.removeprefix("hf_")
        with self._lock:
            self.calls.append((name, timeout_seconds, arguments))
            self.folders.append(Path(arguments["folder"]))
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return self._ended(name, arguments, timeout_seconds, cancel or threading.Event())
        finally:
            with self._lock:
                self._under_way -= 1

    def close(self) -> None:
        """There is nothing to close."""

    def _ended(
        self, name: str, arguments: Mapping[str, Any], timeout_seconds: float, cancel: threading.Event
    ) -> ProcessOutcome:
        if cancel.is_set():
            return _outcome(Failure(kind=FailureKind.CANCELLED, reason="Cancelled before it ran."))
        if name in self.refused:
            return _outcome(Failure(kind=FailureKind.ERROR, reason="The fork server could not be started."), pid=None)
        journal = Journal(Path(arguments["folder"]))
        for word in arguments["checks"]:
            check = Check(word)
            journal.begin(check)
            if name in self.hanging and check is Check.FORWARD:
                self.begun.set()
                return _stopped(cancel.wait(timeout_seconds))
            journal.end(Ended(check=check, verdict=Verdict.WORKS, seconds=0.1))
        journal.count(1000, 2000)
        time.sleep(self.slow.get(name, 0.0))
        return _outcome(None)


def _stopped(is_cancelled: bool) -> ProcessOutcome:
    kind = FailureKind.CANCELLED if is_cancelled else FailureKind.TIMEOUT
    return _outcome(Failure(kind=kind, reason="Killed.", log="its last words"))


def _outcome(failure: Failure | None, *, pid: int | None = 1) -> ProcessOutcome:
    return ProcessOutcome(
        value=None if failure else {"ended": 9},
        failure=failure,
        seconds=1.0,
        peak_rss_bytes=None if failure else 300 * 2**20,
        pid=pid,
    )
