"""A model that was saved and read again is the same model."""

from __future__ import annotations

import copy
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.conformance.compare import first_difference
from engine.conformance.finding import WORKS, Finding, fails, not_applicable, unavailable
from engine.conformance.passes import forward
from engine.conformance.subject import Subject
from engine.domain.case import Precision

_ROOM = 1.2
"""Free space that is asked for, as a multiple of the weights."""


def check_round_trip(subject: Subject) -> Finding:
    """Weights and persistent buffers bit for bit, then the outputs, which depend on what is not saved too.

    Tied weights stand in the file once and in the model under each of their names, so both sides list them alike.
    """
    if (reason := why_not_saved(subject)) is not None:
        return reason
    model = subject.model
    with tempfile.TemporaryDirectory(dir=subject.folder) as folder:
        model.save_pretrained(folder)
        loaded = _read(model, Path(folder), subject.precision)
        weights = first_difference(model.state_dict(), loaded.state_dict())
        if weights is not None:
            return fails(f"After saving and reading, weight {weights}.")
        outputs = first_difference(subject.outputs, forward(_with_model(subject.skillset, loaded), subject.inputs))
    if outputs is None:
        return WORKS
    buffers = first_difference(dict(model.named_buffers()), dict(loaded.named_buffers()))
    cause = (
        f"buffer {buffers}, and so output {outputs}" if buffers else f"the weights are the same, but output {outputs}"
    )
    return fails(f"After saving and reading, {cause}.")


def why_not_saved(subject: Subject) -> Finding | None:
    """Why the model cannot be saved and read again here; None where it can."""
    model = subject.model
    if not hasattr(model, "save_pretrained"):
        return not_applicable(f"{type(model).__name__} has no save_pretrained().")
    if _needs_accelerate(model):
        return unavailable(f"diffusers reads {type(model).__name__} with accelerate alone: pip install accelerate.")
    needed = _ROOM * sum(value.nbytes for value in model.state_dict().values())
    free = shutil.disk_usage(subject.folder).free
    if free < needed:
        return unavailable(f"Saving takes {needed / 1e6:.0f} MB and {subject.folder} has {free / 1e6:.0f} MB left.")
    return None


def _needs_accelerate(model: Any) -> bool:
    """Whether diffusers keeps some layers in fp32 while it reads, which it does with that package alone."""
    is_diffusers = type(model).__module__.startswith("diffusers.")
    return is_diffusers and bool(model._keep_in_fp32_modules) and find_spec("accelerate") is None


def _read(model: Any, folder: Path, precision: Precision) -> Any:
    """The saved model in the same precision, which only a lower one has to be told, on the same device."""
    first = next(parameter for parameter in model.parameters() if parameter.is_floating_point())
    options = {} if precision is Precision.FP32 else {"dtype": first.dtype}
    loaded = type(model).from_pretrained(folder, **options).to(first.device).eval()
    _realign(loaded)
    return loaded


def _realign(model: Any) -> None:
    """Move the weights from the mapped file, where they lie at odd addresses, to where torch itself puts them.

    Kernels add up in another order at odd addresses, which changes last bits and says nothing of the model.
    """
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()


def _with_model(skillset: Any, model: Any) -> Any:
    twin = copy.copy(skillset)
    twin.model = model
    return twin
