"""Skillsets for model types: rendered, written, run once, and the outcome kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.library import library_version
from engine.domain.model import ModelType, Status, Tier
from engine.domain.result import FailureKind
from engine.domain.skillset import GenerationOutcome, GenerationStatus, Skillset
from engine.errors import SkillsetFailure
from engine.skillsets.fingerprint import generator_fingerprint
from engine.skillsets.render import read_header, render
from engine.skillsets.render_test import path_beside, render_test
from engine.skillsets.shared_file import identity_of, is_current
from engine.skillsets.write import module_path, write, write_file
from engine.storage import skillsets
from engine.workflows.device_turns import PROCESSOR, Cancelled, OnWait
from engine.workflows.find_recipe import may_be_outdated, search_here, with_recipe

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

VERIFY_SECONDS = 120.0
_KEPT_EVERY_SECONDS = 1.0
"""How long what was only rendered may wait to be stored: one by one would take longer than rendering."""


def generate_skillsets(
    workbench: Workbench,
    models: Sequence[str] = (),
    *,
    tier: Tier | None = None,
    output_dir: Path | None = None,
    force: bool = False,
    verify: bool = True,
    with_tests: bool = False,
    on_outcome: Callable[[GenerationOutcome], None] | None = None,
    on_wait: OnWait | None = None,
    cancel: threading.Event | None = None,
) -> list[GenerationOutcome]:
    """One outcome for each named type (or, without names, each runnable type of the tier), in that order.

    A type that fails or is refused does not stop the others. Each that is made waits for the measurement under way, so
    as not to disturb it, and `on_wait` is told whose that is; a module known to run with this library is not run again
    unless `force` says so. Raises UnknownName before anything is written, Cancelled, and StorageError when outcomes
    cannot be kept.
    """
    chosen = workbench.catalog.select(models, None if models else tier)
    known = {} if force else _known(workbench)
    folder = output_dir or workbench.settings.skillset_dir
    how = _How(
        folder=folder,
        fingerprint=generator_fingerprint(),
        may_skip=not with_tests and _is_current(folder),
        force=force,
        verify=verify,
        with_tests=with_tests,
    )
    stop = cancel or threading.Event()
    outcomes: list[GenerationOutcome] = []
    with _kept_together(workbench) as keep:
        for model in chosen:
            if stop.is_set():
                raise Cancelled
            started = time.perf_counter()
            earlier = known.get(model.name)
            standing = _unchanged(earlier, module_path(model, folder), how.fingerprint) if how.may_skip else None
            if standing is not None and (standing.is_verified or not verify):
                outcome = _outcome(model, standing, standing.status, None, started)
            else:
                with workbench.supervisor.device_turns.turn(PROCESSOR, stop, on_wait=on_wait):
                    outcome = _generated(workbench, model, earlier, how, keep, stop)
            outcomes.append(outcome)
            if on_outcome is not None:
                on_outcome(outcome)
    return outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """What holds for every type of one generation."""

    folder: Path
    fingerprint: str
    may_skip: bool
    """Whether a module that is as it was need not be made again."""
    force: bool
    verify: bool
    with_tests: bool


def _generated(
    workbench: Workbench,
    model: ModelType,
    earlier: Skillset | None,
    how: _How,
    keep: Callable[[Skillset], None],
    stop: threading.Event,
) -> GenerationOutcome:
    """What became of one type, of which `earlier` is stored; what is rendered and not run is handed to `keep`.

    The caller holds the processor's turn.
    """
    started = time.perf_counter()
    try:
        if how.verify and model.status is Status.UNKNOWN:
            model = with_recipe(workbench, model, cancel=stop)
        path = _written(model, how.folder, force=how.force, with_tests=how.with_tests)
    except SkillsetFailure as refusal:
        return _outcome(model, None, GenerationStatus.REFUSED, refusal.message, started)
    present = _skillset(model, path, GenerationStatus.RENDERED, None, how.fingerprint)
    standing = _standing(earlier, present)
    if standing is not None and (standing.is_verified or not how.verify):
        keep(replace(present, status=standing.status))  # made anew, and the same as before
        return _outcome(model, standing, standing.status, None, started)
    if how.verify:
        return verify_skillset(workbench, model, path, started=started, cancel=stop)
    keep(present)
    return _outcome(model, present, GenerationStatus.RENDERED, None, started)


@contextmanager
def _kept_together(workbench: Workbench) -> Iterator[Callable[[Skillset], None]]:
    """Stores what it is handed, about every second and whatever ends the block."""
    waiting: list[Skillset] = []
    since = time.monotonic()

    def store() -> None:
        nonlocal since
        if waiting:
            found, waiting[:] = list(waiting), []
            workbench.database.write(lambda cursor: skillsets.save_all(cursor, found))
        since = time.monotonic()

    def keep(skillset: Skillset) -> None:
        waiting.append(skillset)
        if time.monotonic() - since > _KEPT_EVERY_SECONDS:
            store()

    try:
        yield keep
    finally:
        store()


def generate_skillset(
    workbench: Workbench,
    model: ModelType,
    *,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> GenerationOutcome:
    """Render, write and run the module of one type; the caller holds the processor's turn.

    Raises Cancelled and StorageError only.
    """
    started = time.perf_counter()
    try:
        model = with_recipe(workbench, model, cancel=cancel)
        path = _written(model, workbench.settings.skillset_dir, force=False, with_tests=False)
    except SkillsetFailure as refusal:
        return _outcome(model, None, GenerationStatus.REFUSED, refusal.message, started)
    return verify_skillset(workbench, model, path, started=started, cancel=cancel, on_log=on_log)


def verify_skillset(
    workbench: Workbench,
    model: ModelType,
    path: Path,
    *,
    started: float,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> GenerationOutcome:
    """Run the module at `path` once and store how it went; the caller holds the processor's turn.

    One that fails, and whose recipe was found with another version of the library, is made again from a recipe
    searched for now.
    """
    reason = run_once(workbench, path, cancel=cancel, on_log=on_log)
    if reason is not None and may_be_outdated(model) and read_header(path.read_text(encoding="utf-8")).is_untouched:
        model = search_here(workbench, model, cancel=cancel)
        if model.runnable:
            path = write(model, render(model), path.parent)
            reason = run_once(workbench, path, cancel=cancel, on_log=on_log)
    status = GenerationStatus.VERIFIED if reason is None else GenerationStatus.FAILED
    skillset = _skillset(model, path, status, reason, generator_fingerprint())
    workbench.database.write(lambda cursor: skillsets.save(cursor, skillset))
    return _outcome(model, skillset, status, reason, started)


def _written(model: ModelType, folder: Path, *, force: bool, with_tests: bool) -> Path:
    """Both texts are made before either is written. Tests come first: a module that somebody edited gets them too."""
    text, path = render(model), module_path(model, folder)
    if with_tests:
        write_file(path_beside(path), render_test(model, path), force)
    return write(model, text, folder, force)


def _is_current(folder: Path) -> bool:
    try:
        return is_current(folder)
    except SkillsetFailure:  # told for each type, when the shared file is to be written
        return False


def _known(workbench: Workbench) -> dict[str, Skillset]:
    with workbench.database.cursor() as cursor:
        return {skillset.model_type: skillset for skillset in skillsets.latest(cursor)}


def _unchanged(known: Skillset | None, path: Path, fingerprint: str) -> Skillset | None:
    """What is stored of the module at `path`, where it is still that and nothing it is made from has changed."""
    if known is None or known.generator_version != fingerprint or known.path != str(path) or not path.is_file():
        return None
    if known.status not in (GenerationStatus.VERIFIED, GenerationStatus.RENDERED):
        return None
    header = read_header(path.read_text(encoding="utf-8", errors="replace"))
    return known if header.is_untouched and identity_of(path) == known.checksum else None


def _standing(known: Skillset | None, present: Skillset) -> Skillset | None:
    """What is stored of this very module, where it lies and with this library."""
    if known is None or known.status not in (GenerationStatus.VERIFIED, GenerationStatus.RENDERED):
        return None
    as_now = replace(
        known,
        status=present.status,
        reason=None,
        generated_at=present.generated_at,
        generator_version=present.generator_version,
    )
    return known if as_now == present else None


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


def _skillset(model: ModelType, path: Path, status: GenerationStatus, reason: str | None, fingerprint: str) -> Skillset:
    """The module that lies at `path`."""
    return Skillset(
        model_type=model.name,
        family=model.family,
        path=str(path),
        checksum=identity_of(path),
        generator_version=fingerprint,
        transformers_version=library_version(),
        status=status,
        reason=reason,
        generated_at=datetime.now(UTC),
    )


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
