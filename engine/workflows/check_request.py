"""Whether a request can be carried out at all, before anything is stored or started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.backends import BACKENDS
from engine.backends.cores import usable_logical_cores
from engine.catalog.chosen import ChosenModel
from engine.domain.run import RunRequest, SizeChoice
from engine.errors import BackendUnavailable, InvalidValue, UnknownName
from engine.workflows.choose_models import choose_models
from engine.workflows.device_turns import computes_on_processor
from engine.workflows.side_by_side import processor_slots

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def check_request(workbench: Workbench, request: RunRequest) -> None:
    """Raises UnknownName for a model, checkpoint or backend, InvalidValue, or BackendUnavailable with the reason."""
    chosen = choose_models(workbench, request)
    request.refuse_if_too_large(len(chosen))
    for model in (found.model for found in chosen):
        if not model.runnable:
            raise InvalidValue(model.status_reason or f"{model.name} has no recipe.", field="models")
    _refuse_contradicting_size(request.size, chosen)
    _refuse_more_threads_than_cores(request.threads)
    processor_slots(request)
    if request.against is not None:
        _refuse_more_threads_than_cores(request.against.threads)
    for name in request.all_backends:
        if name not in BACKENDS:
            raise UnknownName("backend", name, BACKENDS.names(), field="backends")
    statuses = {status.backend: status for status in workbench.backends()}
    for name in request.all_backends:
        status = statuses.get(name)
        if status is None or not status.available:
            reason = status.reason if status is not None and status.reason else "it was not detected"
            raise BackendUnavailable(f"Backend {name!r} cannot run here: {reason}", field="backends")


def _refuse_contradicting_size(choice: SizeChoice, chosen: Sequence[ChosenModel]) -> None:
    """A checkpoint's name says its size: tiny with one, or default with nothing else, cannot be meant."""
    sizes = [found.size for found in chosen if found.size is not None]
    if sizes and (choice is SizeChoice.TINY or (choice is SizeChoice.DEFAULT and len(sizes) == len(chosen))):
        model = next(found.model.name for found in chosen if found.size is not None)
        raise InvalidValue(
            f"{sizes[0]} is a size of {model} itself, so size {choice} contradicts it; leave the size at auto, "
            f"or name the model type {model}.",
            field="size",
        )


def _refuse_more_threads_than_cores(threads: int | None) -> None:
    """Threads that wait for one another measure the scheduler."""
    cores = usable_logical_cores()
    if threads is not None and threads > cores:
        raise InvalidValue(
            f"{threads} threads are more than the {cores} cores that this process may use; "
            f"give {cores} or fewer, or leave the number out for one per physical core.",
            field="threads",
        )


def devices_of(request: RunRequest) -> frozenset[str]:
    """What a run occupies: runs on different devices go on side by side, others one after another."""
    return frozenset("cpu" if computes_on_processor(name) else name for name in request.all_backends)
