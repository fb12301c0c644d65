"""What the measuring loop and the user need to know of a backend."""

from __future__ import annotations

from typing import Protocol

from engine.domain.hardware import BackendStatus


class Backend(Protocol):
    @property
    def name(self) -> str: ...

    def detect(self) -> BackendStatus:
        """Whether it can run here, asked in a child process where torch may be imported; never raises."""
        ...

    @property
    def device(self) -> str:
        """What a skillset's `load` is told."""
        ...

    def synchronize(self) -> None:
        """Wait for queued work, so that a timer stops after it and not after its launch."""
        ...


def unavailable(backend: str, reason: str, **versions: str) -> BackendStatus:
    return BackendStatus(backend=backend, available=False, reason=reason, versions=versions)
