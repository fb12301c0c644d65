"""The state of every backend on this machine; called inside a child process, because some answers need torch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.backends import BACKENDS
from engine.backends.backend import Backend
from engine.domain.hardware import BackendStatus


def detect_backends(arguments: dict[str, Any]) -> dict[str, Any]:
    """{"backends": one BackendStatus as a dict per backend, in the registry's order}. Takes no arguments."""
    return {"backends": [asdict(status_of(backend)) for backend in BACKENDS]}


def status_of(backend: Backend) -> BackendStatus:
    """A library that breaks while it is asked makes its own backend unavailable, not all of them."""
    try:
        return backend.detect()
    except Exception as error:
        reason = f"Asking for it failed: {type(error).__name__}: {error}"
        return BackendStatus(backend=backend.name, available=False, reason=reason)
