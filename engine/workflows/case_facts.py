"""Parameters and operations of cases: counted once, then remembered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.benchmarking import codec
from engine.catalog.checkpoints import size_names
from engine.catalog.registry import ChosenModel, shape_of
from engine.catalog.shapes import SequenceUnit, sequence_unit
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


def count_facts_of(
    workbench: Workbench,
    models: Sequence[ChosenModel],
    *,
    sequence_length: int | None = None,
    cancel: threading.Event | None = None,
    on_step: Callable[[str], None] | None = None,
    on_log: Callable[[str], None] | None = None,
) -> dict[tuple[str, str], ModelFacts]:
    """Facts by model type and size: of the checkpoints, and of the default size of types. Those of a type that cannot
    be counted are missing, those of a checkpoint as published; either way the log says so. At `sequence_length`, types
    that read tokens are counted at their own length first, and keep those facts where they cannot be at the other.

    Raises Cancelled and StorageError.
    """
    with workbench.database.cursor() as cursor:
        known = stored_facts.load_all(cursor)
    found: dict[tuple[str, str], ModelFacts] = {}
    for position, chosen in enumerate(models, start=1):
        case = default_case(chosen.model, chosen.size or Size.DEFAULT)
        place = (case.model_type, case.size)
        for asked in _lengths(case, chosen.model, sequence_length):
            if asked.case_id in known:
                found[place] = known[asked.case_id]
                continue
            if on_step is not None:
                named = chosen.size or chosen.model.display_name
                on_step(f"Counting parameters of {named}, {position} of {len(models)}")
            try:
                found[place] = count_case_facts(workbench, asked, cancel=cancel, on_step=on_step, on_log=on_log)
            except (SkillsetFailure, LauncherFailure) as problem:
                _tell(problem.message, on_log)
                if place not in found and chosen.size is not None:
                    found[place] = _published(chosen.size)
    return found


def _lengths(case: Case, model: ModelType, sequence_length: int | None) -> list[Case]:
    """The case at its own sequence length and, where the type reads tokens, at the one asked for."""
    if sequence_length in (None, case.sequence_length) or sequence_unit(model) is not SequenceUnit.TOKENS:
        return [case]
    return [case, replace(case, sequence_length=sequence_length)]


def _published(size: str) -> ModelFacts:
    """What is known of a checkpoint that could not be counted: enough to tell whether it fits, and never stored."""
    parameters = size_names()[size].parameters
    return ModelFacts(parameters=parameters, parameter_bytes=4 * parameters, flops=None, input_bytes=0)


def count_case_facts(
    workbench: Workbench,
    case: Case,
    *,
    cancel: threading.Event | None = None,
    on_step: Callable[[str], None] | None = None,
    on_log: Callable[[str], None] | None = None,
) -> ModelFacts:
    """Facts of a case without measuring it: remembered ones, else counted in a child process.

    Counting waits for the measurement under way, so as not to disturb it; `on_step` is then told whose that is, and
    when the wait is over. Raises SkillsetFailure, LauncherFailure, Cancelled and StorageError.
    """
    if (known := _known(workbench, case)) is not None:
        return known
    stop = cancel or threading.Event()
    path = written_skillset(workbench, workbench.catalog.get(case.model_type))
    waits: list[str] = []

    def wait(line: str) -> None:
        waits.append(line)
        if on_step is not None:
            on_step(line)

    with workbench.supervisor.device_turns.turn(PROCESSOR, stop, on_wait=wait):
        if waits and on_step is not None:
            on_step(f"Counting parameters of {case.model}")
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


def default_case(model: ModelType, size: str = Size.DEFAULT) -> Case:
    """The case whose facts stand for the type at a size: its own input, fp32, batch size 1."""
    sequence_length, image_size = shape_of(model, size)
    return Case(
        model_type=model.name,
        family=model.family,
        task=model.task,
        size=size,
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
