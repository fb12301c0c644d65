"""A generated module, imported from its file and spoken to in the terms of a case."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.domain.case import Case
from engine.domain.skillset import SHARED_MODULE
from engine.errors import BackendUnavailable, SkillsetFailure
from engine.workloads.checkpoint_inputs import own_inputs


def import_skillset(path: Path) -> ModuleType:
    """Execute the module at `path`, with what lies beside it; SkillsetFailure when there is no such file.

    Whatever the module raises passes through.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SkillsetFailure(f"There is no skillset at {path}; generate it again.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    with _found_beside(path):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _found_beside(path: Path) -> Iterator[None]:
    """Lets a module import the file that the skillsets of its folder share, which another folder has as well."""
    sys.modules.pop(SHARED_MODULE, None)
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        yield
    finally:
        sys.path.remove(str(path.parent.resolve()))


def load_skillset(module: ModuleType, case: Case, device: str) -> Any:
    """Build the model of `case` on `device`; BackendUnavailable where the skillset fell back to another one.

    A figure of another device, or another attention, would stand under the wrong name in every chart. Trained weights
    are read from this machine alone, as the class that they were saved from.
    """
    skillset = _load(module, case, device) if case.attention is None else _with_attention(module, case, device)
    if skillset.fallback_reason is not None:
        raise BackendUnavailable(skillset.fallback_reason, field="backends")
    if case.checkpoint is not None and skillset.device == "cpu":
        _copy_out_of_file(skillset.model)
    return skillset


def _copy_out_of_file(model: Any) -> None:
    """Weights of a checkpoint become memory of this process, as they are for any other device.

    safetensors maps them from the file: their pages come in while the first passes are timed, and go whenever the
    system wants them back, so that neither the time nor the memory would be that of a model that is loaded.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()


def _load(module: ModuleType, case: Case, device: str, **options: Any) -> Any:
    if case.checkpoint is None:
        return module.load(size=case.size, device=device, precision=case.precision.value, **options)
    return module.load(
        device=device,
        precision=case.precision.value,
        checkpoint=case.checkpoint,
        as_saved=True,
        local_files_only=True,
        weights_only=True,
        **options,
    )


def _with_attention(module: ModuleType, case: Case, device: str) -> Any:
    """BackendUnavailable where the model refuses this implementation, or takes another without a word."""
    attention = case.attention
    try:
        skillset = _load(module, case, device, attn_implementation=attention)
    except (ValueError, ImportError, TypeError) as error:
        said = (str(error).splitlines() or [""])[0]
        raise BackendUnavailable(
            f"{case.model} cannot be built with attention {attention!r}: {said}", field="attention"
        ) from error
    used = getattr(getattr(skillset.model, "config", None), "_attn_implementation", None)
    if used != attention:
        raise BackendUnavailable(
            f"{case.model} was built with attention {used!r} although {attention!r} was asked for; "
            "leave the attention out for this type.",
            field="attention",
        )
    return skillset


def inputs_of(skillset: Any, case: Case) -> dict[str, Any]:
    """Inputs at the case's batch size and shape; a dimension that the case leaves open is the skillset's choice."""
    return inputs_and_origin(skillset, case)[0]


def inputs_and_origin(skillset: Any, case: Case) -> tuple[dict[str, Any], list[str]]:
    """The inputs, and what the notes say of where they come from: nothing for those of a recipe alone."""
    shape = {"sequence_length": case.sequence_length, "image_size": case.image_size}
    given = {name: value for name, value in shape.items() if value is not None}
    inputs: dict[str, Any] = skillset.example_inputs(batch_size=case.batch_size, **given)
    if case.checkpoint is None:
        return inputs, []
    inputs, origin = own_inputs(skillset, case, inputs)
    return inputs, [origin]


def checksum_of(module: ModuleType) -> str | None:
    """The module's own checksum; None when it does not tell one."""
    value = module.describe().get("checksum")
    return value if isinstance(value, str) else None
