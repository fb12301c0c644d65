"""Asks every backend whether it can run here; called inside a child process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.backends import BACKENDS


def detect_backends(arguments: dict[str, Any]) -> dict[str, Any]:
    """{"backends": one status per known backend, in the registry's order}; `arguments` is not used."""
    return {"backends": [asdict(backend.detect()) for backend in BACKENDS]}
