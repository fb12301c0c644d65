"""Skillsets for model types: rendered, written, run once, and the outcome kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.library import library_version
from engine.domain.model import ModelType, Tier
from engine.domain.result import FailureKind
from engine.domain.skillset import GenerationOutcome, GenerationStatus, Skillset
from engine.errors import SkillsetFailure
from engine.skillsets.context import GENERATOR_VERSION
from engine.skillsets.render import read_header, render
from engine.skillsets.write import write
from engine.storage import skillsets
from engine.workflows.device_turns import PROCESSOR, Cancelled

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

VERIFY_SECONDS = 120.0


def generate_skillsets(
    workbench: Workbench,
    models: Sequence[str] = (),
    *,
    tier: Tier | None = None,
    output_dir: Path | None = None,
    force: bool = False,
    verify: bool = True,
    on_outcome: Callable[[GenerationOutcome], None] | None = None,
    cancel: threading.Event | None = None,
) -> list[GenerationOutcome]:
    """One outcome for each named type (or, without names, each verified type of the tier), in that order.

    A type that fails or is refused does not stop the others. Each waits for the measurement under way, so as not to
    disturb it. Raises UnknownName before anything is written, Cancelled, and StorageError when outcomes cannot be kept.
    """
    chosen = workbench.catalog.select(models, None if models else tier)
    outcomes = []
    for model in chosen:
        with workbench.supervisor.device_turns.turn(PROCESSOR, cancel or threading.Event()):
            outcome = generate_skillset(
                workbench, model, output_dir=output_dir, force=force, verify=verify, cancel=cancel
            )
        outcomes.append(outcome)
        if on_outcome is not None:
            on_outcome(outcome)
    return outcomes


def generate_skillset(
    workbench: Workbench,
    model: ModelType,
    *,
    output_dir: Path | None = None,
    force: bool = False,
    verify: bool = True,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> GenerationOutcome:
    """Render, write and (unless told not to) run the module of one type; the caller holds the processor's turn.

    Raises Cancelled and StorageError only.
    """
    started = time.perf_counter()
    try:
        path = write(model, render(model), output_dir or workbench.settings.skillset_dir, force)
    except SkillsetFailure as refusal:
        return _outcome(model, None, GenerationStatus.REFUSED, refusal.message, started)
    if not verify:
        return keep_outcome(workbench, model, path, GenerationStatus.RENDERED, None, started)
    reason = run_once(workbench, path, cancel=cancel, on_log=on_log)
    status = GenerationStatus.VERIFIED if reason is None else GenerationStatus.FAILED
    return keep_outcome(workbench, model, path, status, reason, started)


def run_once(
    workbench: Workbench,
    path: Path,
    *,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> str | None:
    """Import and run the module at `path` in a process of its own; why it does not work, or None. Raises Cancelled."""
    outcome = workbench.launcher.run(
        "engine.skillsets.verify:verify",
        {"path": str(path)},
        timeout_seconds=VERIFY_SECONDS,
        cancel=cancel,
        on_log=on_log,
    )
    if outcome.failure is not None:
        if outcome.failure.kind is FailureKind.CANCELLED:
            raise Cancelled
        return outcome.failure.reason
    value = outcome.value or {}
    return None if value.get("ok") else str(value.get("reason") or "its process returned nothing")


def keep_outcome(
    workbench: Workbench,
    model: ModelType,
    path: Path,
    status: GenerationStatus,
    reason: str | None,
    started: float,
) -> GenerationOutcome:
    """Store what became of the module that lies at `path`."""
    skillset = Skillset(
        model_type=model.name,
        family=model.family,
        path=str(path),
        checksum=read_header(path.read_text(encoding="utf-8")).actual_checksum,
        generator_version=GENERATOR_VERSION,
        transformers_version=library_version(),
        status=status,
        reason=reason,
        generated_at=datetime.now(UTC),
    )
    workbench.database.write(lambda cursor: skillsets.save(cursor, skillset))
    return _outcome(model, skillset, status, reason, started)


def _outcome(
    model: ModelType, skillset: Skillset | None, status: GenerationStatus, reason: str | None, started: float
) -> GenerationOutcome:
    return GenerationOutcome(
        model_type=model.name,
        family=model.family,
        path=skillset.path if skillset is not None else None,
        status=status,
        reason=reason,
        seconds=time.perf_counter() - started,
        skillset=skillset,
    )
