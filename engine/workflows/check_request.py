"""Whether a request can be carried out at all, before anything is stored or started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.backends import BACKENDS
from engine.domain.run import RunRequest
from engine.errors import BackendUnavailable, InvalidValue, UnknownName

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

_DEVICES_OF_THEIR_OWN = ("cuda", "rocm", "mps", "qnn")
"""Backends that leave the processor to others; all the rest compute on it."""


def check_request(workbench: Workbench, request: RunRequest) -> None:
    """Raises UnknownName for a model type or backend, InvalidValue, or BackendUnavailable with the reason."""
    models = workbench.catalog.select(request.models, None if request.models else request.tier)
    request.refuse_if_too_large(len(models))
    for model in models:
        if not model.verified:
            raise InvalidValue(
                f"This release has no recipe for {model.name!r} ({model.display_name}); it can be listed, not run. "
                f"Runnable: {', '.join(sorted(found.name for found in workbench.catalog.verified))}.",
                field="models",
            )
    for name in request.backends:
        if name not in BACKENDS:
            raise UnknownName("backend", name, BACKENDS.names(), field="backends")
    statuses = {status.backend: status for status in workbench.backends()}
    for name in request.backends:
        status = statuses.get(name)
        if status is None or not status.available:
            reason = status.reason if status is not None and status.reason else "it was not detected"
            raise BackendUnavailable(f"Backend {name!r} cannot run here: {reason}", field="backends")


def devices_of(request: RunRequest) -> frozenset[str]:
    """What a run occupies: runs on different devices go on side by side, others one after another."""
    return frozenset(name if name in _DEVICES_OF_THEIR_OWN else "cpu" for name in request.backends)
