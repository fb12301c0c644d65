"""Parameters and operations of cases: counted once, then remembered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.benchmarking import codec
from engine.catalog.registry import shape_of
from engine.domain.case import Case, Precision, Workload
from engine.domain.model import ModelFacts, ModelType, Size
from engine.domain.result import FailureKind
from engine.errors import LauncherFailure, SkillsetFailure
from engine.storage import facts as stored_facts
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.supply_skillset import written_skillset

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 120.0


def count_default_facts(
    workbench: Workbench,
    models: Sequence[ModelType],
    *,
    cancel: threading.Event | None = None,
    on_step: Callable[[str], None] | None = None,
    on_log: Callable[[str], None] | None = None,
) -> dict[str, ModelFacts]:
    """Facts of each type's default size by its name; a type that cannot be counted is missing and logged.

    Raises Cancelled and StorageError.
    """
    with workbench.database.cursor() as cursor:
        known = stored_facts.load_all(cursor)
    found: dict[str, ModelFacts] = {}
    for position, model in enumerate(models, start=1):
        case = default_case(model)
        if case.case_id in known:
            found[model.name] = known[case.case_id]
            continue
        if on_step is not None:
            on_step(f"Counting parameters of {model.display_name}, {position} of {len(models)}")
        try:
            found[model.name] = count_case_facts(workbench, case, cancel=cancel, on_log=on_log)
        except (SkillsetFailure, LauncherFailure) as problem:
            _tell(problem.message, on_log)
    return found


def count_case_facts(
    workbench: Workbench,
    case: Case,
    *,
    cancel: threading.Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> ModelFacts:
    """Facts of a case without measuring it: remembered ones, else counted in a child process.

    Counting waits for the measurement under way, so as not to disturb it. Raises SkillsetFailure, LauncherFailure,
    Cancelled and StorageError.
    """
    if (known := _known(workbench, case)) is not None:
        return known
    stop = cancel or threading.Event()
    path = written_skillset(workbench, workbench.catalog.get(case.model_type))
    with workbench.supervisor.device_turns.turn(PROCESSOR, stop):
        if (known := _known(workbench, case)) is not None:  # another asker counted it meanwhile
            return known
        outcome = workbench.launcher.run(
            "engine.benchmarking.model_facts:count_facts",
            {"skillset_path": str(path), "case": codec.case_to_json(case)},
            timeout_seconds=TIMEOUT_SECONDS,
            cancel=stop,
            on_log=on_log,
        )
        if outcome.failure is not None and outcome.failure.kind is FailureKind.CANCELLED:
            raise Cancelled
        if outcome.value is None:
            reason = outcome.failure.reason if outcome.failure is not None else "its process returned nothing"
            raise LauncherFailure(f"The parameters of {case.label} could not be counted: {reason}")
        facts = codec.facts_from_json(outcome.value["facts"])
        workbench.database.write(lambda cursor: stored_facts.save(cursor, case.case_id, facts))
    return facts


def default_case(model: ModelType) -> Case:
    """The case whose facts stand for the type: default size, fp32, batch size 1."""
    sequence_length, image_size = shape_of(model, Size.DEFAULT)
    return Case(
        model_type=model.name,
        family=model.family,
        task=model.task,
        size=Size.DEFAULT,
        backend="cpu",
        precision=Precision.FP32,
        batch_size=1,
        workload=Workload.INFERENCE,
        sequence_length=sequence_length,
        image_size=image_size,
    )


def _known(workbench: Workbench, case: Case) -> ModelFacts | None:
    with workbench.database.cursor() as cursor:
        return stored_facts.load_all(cursor).get(case.case_id)


def _tell(line: str, on_log: Callable[[str], None] | None) -> None:
    logger.warning("%s", line)
    if on_log is not None:
        on_log(line)
