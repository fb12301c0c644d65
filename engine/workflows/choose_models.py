"""What a request is about: model types and published sizes by name or tier, or the one type of trained weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog import hub
from engine.catalog.chosen import ChosenModel, model_of_weights
from engine.catalog.weights import CHECKPOINT_SIZE, find_weights, has_readable_weights, is_in_part, looks_like_path
from engine.domain.case import Case
from engine.domain.model import ModelFacts
from engine.domain.result import Failure, FailureKind
from engine.domain.run import RunRequest, SizeChoice
from engine.errors import InvalidValue

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def choose_models(workbench: Workbench, request: RunRequest) -> list[ChosenModel]:
    """Raises UnknownName, and InvalidValue for weights that are not here, unsafe, broken or of another type."""
    catalog = workbench.catalog
    if request.checkpoint is None:
        return catalog.choose(request.models, request.tier)
    if request.size is not SizeChoice.AUTO:
        raise InvalidValue(
            f"The weights of {request.checkpoint} have their own size, so size {request.size} contradicts it; "
            "leave the size at auto.",
            field="size",
        )
    named = catalog.get(request.models[0]).name if request.models else None
    weights = find_weights(request.checkpoint, allow_pickle=request.allow_pickle)
    return [model_of_weights(weights, catalog.types, catalog.unusable, named)]


def with_type(workbench: Workbench, request: RunRequest) -> RunRequest:
    """The request with the model type of its checkpoint named: what a run is stored and shown as."""
    if request.checkpoint is None or request.models:
        return request
    return replace(request, models=(choose_models(workbench, request)[0].model.name,))


def fetch_checkpoint(
    request: RunRequest, on_log: Callable[[str], None], *, fetch: Callable[[str], Path] = hub.fetch
) -> None:
    """Bring a hub id that the cache lacks, or has in part, onto this machine; InvalidValue where that is impossible.

    Only a person at the command line starts a download: a server measures what is there.
    """
    name = request.checkpoint
    if name is None or looks_like_path(name) or not hub.is_hub_id(name):
        return
    there = hub.cached_folder(name)
    if there is not None and not is_in_part(there) and has_readable_weights(there):
        return
    on_log(
        f"Fetching {name} from the hub" if there is None else f"Fetching what the cache lacks of {name} from the hub"
    )
    if is_in_part(fetch(name)):
        raise hub.not_here(
            name, "The hub was not reached, or lacks config.json or safetensors of it.", is_partly_here=True
        )


def facts_of_weights(chosen: ChosenModel) -> ModelFacts | None:
    """What the weights files tell before anything is loaded; the pass itself is counted when it is measured."""
    if chosen.weights is None:
        return None
    parameters = chosen.weights.parameters
    return ModelFacts(parameters=parameters, parameter_bytes=4 * parameters, flops=None, input_bytes=0)


def change_of_weights(case: Case, *, allow_pickle: bool) -> Failure | None:
    """Why the weights that the case was planned with cannot be measured now; None where they are as they were."""
    if case.size != CHECKPOINT_SIZE or case.checkpoint is None:
        return None
    try:
        present = find_weights(case.checkpoint, allow_pickle=allow_pickle).digest
    except InvalidValue as problem:
        return Failure(kind=FailureKind.ERROR, reason=problem.message)
    if present == case.checkpoint_digest:
        return None
    reason = (
        f"The files of {case.checkpoint} have changed since this was planned (digest "
        f"{(case.checkpoint_digest or '')[:12]}, now {present[:12]}); start a new run."
    )
    return Failure(kind=FailureKind.ERROR, reason=reason)
