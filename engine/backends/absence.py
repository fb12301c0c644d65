"""A backend that is not here: its status with the reason, and the refusal to measure with it."""

from __future__ import annotations

from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable


def missing(backend: str, reason: str, versions: dict[str, str] | None = None) -> BackendStatus:
    """The status of a backend that is not here."""
    return BackendStatus(backend=backend, available=False, reason=reason, versions=versions or {})


def refuse_unless_available(status: BackendStatus) -> None:
    """Raise BackendUnavailable with the reason that detection gives."""
    if not status.available:
        raise BackendUnavailable(f"Backend {status.backend!r} cannot run here: {status.reason}", field="backends")
