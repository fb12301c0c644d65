"""Generating skillsets as an operation of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.contract.generator import BatchBody
from engine.domain.operation import Outcome
from engine.domain.skillset import GenerationOutcome, GenerationStatus
from engine.workflows.generate_skillsets import generate_skillsets
from engine.workflows.live_operation import LiveOperation
from engine.workflows.skillset_rows import generation_row

if TYPE_CHECKING:
    from engine.workflows.operation_supervisor import Keep
    from engine.workflows.workbench import Workbench

GOOD = (GenerationStatus.VERIFIED, GenerationStatus.RENDERED)


def generate_operation(workbench: Workbench, request: Mapping[str, Any], live: LiveOperation, keep: Keep) -> None:
    """One outcome for each type. Raises Cancelled, UnknownName and StorageError."""
    asked = BatchBody.model_validate(request)
    tier = None if asked.models else asked.tier
    chosen = [model.name for model in workbench.catalog.select(asked.models, tier)]
    live.set_total(len(chosen))
    live.set_step(f"Generating {chosen[0]}" if chosen else "Nothing to generate")

    def tell(outcome: GenerationOutcome) -> None:
        keep(Outcome(value=generation_row(outcome), is_good=outcome.status in GOOD, seconds=outcome.seconds))
        done = live.operation.done
        if done < len(chosen):
            live.set_step(f"Generating {chosen[done]}")

    generate_skillsets(
        workbench,
        chosen,
        force=asked.force,
        verify=asked.verify,
        with_tests=asked.with_tests,
        on_outcome=tell,
        on_wait=live.set_step,
        cancel=live.cancel,
    )
