"""What a request comes to on this machine, now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from engine.backends.available_memory import available_memory_bytes, free_gpu_bytes
from engine.benchmarking.memory_fit import FreeMemory
from engine.benchmarking.plan import plan_cases
from engine.catalog.registry import shape_of
from engine.domain.hardware import BackendStatus
from engine.domain.model import ModelFacts, ModelType
from engine.domain.run import Plan, RunRequest, SizeChoice
from engine.errors import SkillsetFailure
from engine.formatting import format_unchecked
from engine.storage import results
from engine.workflows.case_facts import count_facts_of
from engine.workflows.check_request import check_request
from engine.workflows.choose_models import choose_models, facts_of_weights
from engine.workflows.side_by_side import processor_slots
from engine.workflows.supply_skillset import present_checksum

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

logger = logging.getLogger(__name__)

RECENT = timedelta(days=7)
"""What the present skillset measured within this time, in as many processes, is left out by incremental mode."""
HISTORY = 2000
"""Past durations that an estimate draws on."""
_OWN_MEMORY = ("cuda", "rocm")
"""Backends whose models lie in a device's own memory."""


def plan_run(
    workbench: Workbench,
    request: RunRequest,
    *,
    cancel: threading.Event | None = None,
    on_step: Callable[[str], None] | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Plan:
    """The executions in order, those left out with their reason, and how long it will take.

    Counts the parameters of types and checkpoints never seen before, in child processes. Raises what `check_request`
    raises, InvalidValue for a budget that is too short for any case, Cancelled and StorageError.
    """
    if on_step is not None:
        on_step("Looking at what can run here")
    check_request(workbench, request)
    models = choose_models(workbench, request)
    facts: dict[tuple[str, str], ModelFacts] = {}
    if request.size is not SizeChoice.TINY:
        random = [chosen for chosen in models if chosen.weights is None]
        facts = count_facts_of(
            workbench,
            random,
            sequence_length=request.sequence_length,
            cancel=cancel,
            on_step=on_step,
            on_log=on_log,
        )
    told = {(chosen.model.name, chosen.size or ""): facts_of_weights(chosen) for chosen in models}
    facts |= {place: known for place, known in told.items() if known is not None}
    types = {chosen.model.name: chosen.model for chosen in models}
    checksums = _present_checksums(workbench, types.values()) if request.incremental else {}
    environment_id = workbench.environment.environment_id
    with workbench.database.cursor() as cursor:
        since = datetime.now(UTC) - RECENT
        processes = request.protocol.processes
        recent = results.recently_measured(cursor, environment_id, since, checksums, processes=processes)
        durations = results.durations(cursor, environment_id, HISTORY)
        last_measured = results.last_measured(cursor, environment_id) if request.budget_seconds is not None else {}
    statuses = workbench.backends()
    plan = plan_cases(
        request,
        models,
        shape_of,
        {status.backend: status for status in statuses},
        facts,
        _free_memory(statuses),
        recent,
        durations,
        last_measured,
    )
    if plan.unchecked and on_log is not None:
        on_log(format_unchecked(plan.unchecked))
    return _at_once(plan, len(processor_slots(request)))


def _at_once(plan: Plan, slots: int) -> Plan:
    """With so many cases side by side: throughout at best, and never at worst, as when none may share."""
    if slots < 2 or plan.estimated_seconds is None:
        return plan
    low, high = plan.estimated_seconds
    return replace(plan, estimated_seconds=(low / slots, high))


def _free_memory(statuses: Iterable[BackendStatus]) -> FreeMemory:
    """Now. Models on Apple's GPUs lie in the machine's own memory."""
    return FreeMemory(
        host_bytes=available_memory_bytes(),
        by_backend={
            status.backend: free_gpu_bytes(status.board)
            for status in statuses
            if status.available and status.backend in _OWN_MEMORY
        },
    )


def _present_checksums(workbench: Workbench, models: Iterable[ModelType]) -> dict[str, str]:
    """By type; without those that no skillset can be made of now: their cases run, and fail with the reason."""
    found: dict[str, str] = {}
    for model in models:
        try:
            found[model.name] = present_checksum(workbench, model)
        except SkillsetFailure as refusal:
            logger.info("%s was not compared with what it measured: %s", model.name, refusal.message)
    return found
