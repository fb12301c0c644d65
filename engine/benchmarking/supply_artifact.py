"""The exported graph that a case is about to use: kept from before, else made now in a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.benchmarking.export_case import export_arguments
from engine.benchmarking.launchers import Launcher
from engine.domain.case import Case
from engine.domain.result import Failure, FailureKind
from engine.graphs.cache import artifact_key, draft, kept_artifact, make_room

TIMEOUT_SECONDS = 900.0
"""Exporting takes seconds for a small model and minutes for one of a billion parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """Either a folder or a failure."""

    folder: Path | None
    failure: Failure | None
    seconds: float
    """What exporting took now; 0 for a graph that was kept."""
    log: str = ""


def supply_artifact(
    launcher: Launcher,
    case: Case,
    skillset_path: str,
    kept_in: Path,
    *,
    failed: MutableMapping[str, Failure] | None = None,
    memory_limit_bytes: int | None = None,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Supplied:
    """Never raises for what happens while exporting: that is the case's failure, with its reason and log.

    `failed` keeps, by the graph's key, what an export failed of, so that it is not tried again by the case's next
    process; None tries every time.
    """
    failed = {} if failed is None else failed
    key = artifact_key(case, Path(skillset_path))
    try:
        if (kept := kept_artifact(kept_in, key)) is not None:
            return Supplied(folder=kept, failure=None, seconds=0.0)
        if key in failed:
            return Supplied(folder=None, failure=failed[key], seconds=0.0, log=failed[key].log)
        if on_log is not None:
            on_log(f"Exporting {case.model} to {case.backend} in {case.precision}")
        with draft(kept_in, key) as drafted:
            outcome = launcher.run(
                "engine.benchmarking.export_case:export_case",
                export_arguments(case, skillset_path, drafted),
                timeout_seconds=TIMEOUT_SECONDS,
                memory_limit_bytes=memory_limit_bytes,
                cancel=cancel,
                on_log=on_log,
            )
        folder = kept_artifact(kept_in, key) if outcome.failure is None else None
        if folder is not None:
            make_room(kept_in, keep=folder)
    except OSError as error:
        reason = f"The exported graph could not be kept in {kept_in}: {error}; make room or correct its permissions."
        return Supplied(folder=None, failure=Failure(kind=FailureKind.ERROR, reason=reason), seconds=0.0)
    failure = outcome.failure
    if failure is not None and failure.kind not in (FailureKind.CANCELLED, FailureKind.NOT_AVAILABLE):
        failure = replace(failure, reason=f"Export to {case.backend} failed: {failure.reason}")
    if failure is None and folder is None:
        failure = Failure(kind=FailureKind.ERROR, reason=f"The export of {case.label} left nothing.", log=outcome.log)
    if failure is not None and failure.kind is not FailureKind.CANCELLED:
        failed[key] = failure
    return Supplied(folder=folder, failure=failure, seconds=outcome.seconds, log=outcome.log)
