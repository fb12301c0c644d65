"""One model type examined at one precision, in a process of its own."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backends import BACKENDS
from engine.benchmarking.launchers import ProcessOutcome
from engine.catalog.library import library_version
from engine.conformance.checks import checks_at, with_needs
from engine.conformance.examine import examination_arguments
from engine.conformance.journal import Seen, read_journal
from engine.conformance.outcomes import all_outcomes, none_tried
from engine.domain.case import Precision
from engine.domain.conformance import Check, CheckOutcome, Conformance, Verdict
from engine.domain.model import ModelType, Status
from engine.domain.result import FailureKind
from engine.errors import LauncherFailure, SkillsetFailure
from engine.skillsets.render import recipe_for
from engine.skillsets.shared_file import identity_of
from engine.workflows.device_turns import Cancelled
from engine.workflows.supply_skillset import written_skillset

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

_LIBRARIES = ("transformers", "diffusers")
"""Where types come from; those of the user's own build on the first."""
_ABSENT = "not installed"
_WITHOUT_MODULE = {
    Status.FAILS: Verdict.FAILS,
    Status.PART: Verdict.NOT_APPLICABLE,
    Status.NO_MODEL_CLASS: Verdict.NOT_APPLICABLE,
}
"""What it means of a type that no module can be made; of every other, that it cannot be tried here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationLimits:
    seconds: float
    """For the whole of one type at one precision."""
    retry_seconds: float | None
    """For a second try of a type that the first limit stopped; None for no second try."""
    memory_bytes: int
    """What the process may allocate beyond what it starts with."""
    checks: tuple[Check, ...] | None = None
    """Only these, with what they need; None for all that the precision asks for."""

    def checks_at(self, precision: Precision) -> tuple[Check, ...]:
        return checks_at(precision) if self.checks is None else with_needs(self.checks)


def examine_model(
    workbench: Workbench,
    model: ModelType,
    precision: Precision,
    *,
    backend: str,
    limits: ExaminationLimits,
    cancel: threading.Event,
) -> Conformance:
    """How each check ended; the caller stores it and holds the processor's turn.

    A type without a module is no error: its outcomes say why there is none. Raises Cancelled, and LauncherFailure
    when no process can be started at all.
    """
    if cancel.is_set():
        raise Cancelled
    try:
        path = written_skillset(workbench, model)
        checksum = identity_of(path)
    except SkillsetFailure as refusal:
        outcomes = none_tried(refusal.message, _WITHOUT_MODULE.get(model.status, Verdict.UNAVAILABLE))
        return _conformance(workbench, model, precision, backend, outcomes)
    outcome, seen = _examined(workbench, model, path, precision, backend, limits.seconds, limits, cancel)
    seconds = limits.seconds
    if limits.retry_seconds is not None and _is_timeout(outcome):
        seconds = limits.retry_seconds
        outcome, seen = _examined(workbench, model, path, precision, backend, seconds, limits, cancel)
    outcomes = all_outcomes(
        seen, limits.checks_at(precision), outcome.failure, seconds=outcome.seconds, time_limit=seconds
    )
    return _conformance(workbench, model, precision, backend, outcomes, checksum, outcome, seen)


def _examined(
    workbench: Workbench,
    model: ModelType,
    path: Path,
    precision: Precision,
    backend: str,
    seconds: float,
    limits: ExaminationLimits,
    cancel: threading.Event,
) -> tuple[ProcessOutcome, Seen]:
    with tempfile.TemporaryDirectory(prefix="modeldyno-examination-") as folder:
        arguments = examination_arguments(
            path,
            Path(folder),
            precision=precision,
            device=BACKENDS.get(backend).device,
            missing=model.left_out,
            generates=model.runnable and recipe_for(model).generation is not None,
            checks=limits.checks_at(precision),
        )
        outcome = workbench.launcher.run(
            "engine.conformance.examine:examine",
            arguments,
            timeout_seconds=seconds,
            memory_limit_bytes=limits.memory_bytes,
            cancel=cancel,
        )
        seen = read_journal(Path(folder))
    if outcome.failure is not None:
        if outcome.failure.kind is FailureKind.CANCELLED:
            raise Cancelled
        if outcome.pid is None:
            raise LauncherFailure(outcome.failure.reason)
    return outcome, seen


def _is_timeout(outcome: ProcessOutcome) -> bool:
    return outcome.failure is not None and outcome.failure.kind is FailureKind.TIMEOUT


def _conformance(
    workbench: Workbench,
    model: ModelType,
    precision: Precision,
    backend: str,
    outcomes: Sequence[CheckOutcome],
    checksum: str | None = None,
    process: ProcessOutcome | None = None,
    seen: Seen | None = None,
) -> Conformance:
    library = model.source if model.source in _LIBRARIES else _LIBRARIES[0]
    libraries = {**workbench.environment.libraries, _LIBRARIES[0]: library_version()}
    return Conformance(
        model_type=model.name,
        backend=backend,
        precision=precision,
        outcomes=tuple(outcomes),
        flops=seen.flops if seen else None,
        bytes_moved=seen.bytes_moved if seen else None,
        peak_rss_bytes=process.peak_rss_bytes if process else None,
        seconds=process.seconds if process else 0.0,
        checksum=checksum,
        environment_id=workbench.environment.environment_id,
        library=library,
        library_version=libraries.get(library, _ABSENT),
        torch_version=libraries.get("torch", _ABSENT),
        examined_at=datetime.now(UTC),
    )
