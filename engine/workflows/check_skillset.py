"""One suite of tests over one skillset, in processes of their own."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.backends import BACKENDS
from engine.domain.model import ModelType
from engine.domain.skillset import GenerationStatus
from engine.domain.skillset_suite import SkillsetSuite, SuiteOutcome, SuiteProgress
from engine.errors import SkillsetFailure
from engine.skillsets.render import recipe_for
from engine.skillsets.shared_file import identity_of
from engine.skillsets.write import module_path
from engine.workflows.device_turns import PROCESSOR
from engine.workflows.find_recipe import with_recipe
from engine.workflows.generate_skillsets import generate_skillset
from engine.workflows.suite_course import SuiteCourse
from engine.workflows.supply_skillset import written_skillset

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

CHECK_SECONDS = 60.0
"""Time limit of one process; one that is stopped costs at most one check, and the others go on in another."""


def check_skillset(
    workbench: Workbench,
    model_type: str,
    suite: SkillsetSuite,
    *,
    seconds: float = CHECK_SECONDS,
    on_progress: Callable[[SuiteProgress], None] | None = None,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> SuiteOutcome:
    """How each check of the suite ended; a module that is missing or outdated is generated first.

    It waits for the measurement under way, and later ones wait for it. A process that dies or hangs costs the check
    that it was in; the others are made in another. `on_progress` and `on_log` (each line of a process's output) are
    called in this thread. Setting `cancel` kills what is under way within a second.

    Raises UnknownName for a type that there is not, SkillsetFailure for one that no module can be made of, Cancelled,
    LauncherFailure when no process can be started, and StorageError.
    """
    model = workbench.catalog.get(model_type)
    stop = cancel or threading.Event()

    def tell(progress: SuiteProgress) -> None:
        if on_progress is not None:
            on_progress(progress)

    def tell_wait(line: str) -> None:
        tell(SuiteProgress(done=0, total=0, step=line))

    with workbench.supervisor.device_turns.turn(PROCESSOR, stop, on_wait=tell_wait):
        started_at, started = datetime.now(UTC), time.perf_counter()
        tell(SuiteProgress(done=0, total=0, step=f"Writing the skillset of {model.name}"))
        model, path = _supplied(workbench, model, stop, on_log)
        checksum = identity_of(path)
        with tempfile.TemporaryDirectory(prefix="modeldyno-suite-") as folder:
            course = SuiteCourse(
                workbench.launcher,
                path,
                Path(folder),
                suite,
                device=BACKENDS.get("cpu").device,
                missing=model.left_out,
                generates=model.runnable and recipe_for(model).generation is not None,
                seconds=seconds,
                cancel=stop,
                on_progress=tell,
                on_log=on_log,
            )
            outcomes = course.run()
    return SuiteOutcome(
        model_type=model.name,
        suite=suite,
        outcomes=outcomes,
        path=str(path),
        checksum=checksum,
        processes=course.processes,
        seconds=time.perf_counter() - started,
        environment_id=workbench.environment.environment_id,
        started_at=started_at,
    )


def _supplied(
    workbench: Workbench, model: ModelType, cancel: threading.Event, on_log: Callable[[str], None] | None
) -> tuple[ModelType, Path]:
    """The type, with a recipe that was looked for where none was known, and its module.

    One that is missing is generated as by any other way, which keeps that it was; that it then does not run is for
    the checks to say.
    """
    model = with_recipe(workbench, model, cancel=cancel)
    if not module_path(model, workbench.settings.skillset_dir).is_file():
        made = generate_skillset(workbench, model, cancel=cancel, on_log=on_log)
        if made.status is GenerationStatus.REFUSED:
            raise SkillsetFailure(f"No skillset of {model.name} can be tested: {made.reason}")
        model = workbench.catalog.get(model.name)
    return model, written_skillset(workbench, model)
