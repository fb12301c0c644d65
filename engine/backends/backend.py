"""What a backend answers: whether it is here, and how a case process uses it."""

from __future__ import annotations

from typing import Protocol

from engine.domain.hardware import BackendStatus


class Backend(Protocol):
    """All methods run in a child process, where heavy imports are allowed; they happen inside the methods."""

    @property
    def name(self) -> str: ...

    def detect(self) -> BackendStatus:
        """Whether cases can be measured with it on this machine, in this release; the reason if not."""
        ...

    def prepare(self, threads: int | None) -> int:
        """Fix the number of threads (None: the backend's choice) and return it; BackendUnavailable if not runnable."""
        ...

    @property
    def device(self) -> str:
        """The device as skillsets name it."""
        ...

    def synchronize(self) -> None:
        """Wait for queued work."""
        ...
