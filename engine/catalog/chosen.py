"""What a name in a request stands for: a model type, or a published checkpoint of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.catalog.checkpoints import Checkpoint, find_size, load_checkpoints, size_names
from engine.domain.model import ModelType
from engine.errors import InvalidValue, UnknownName


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModel:
    model: ModelType
    size: str | None = None
    """The checkpoint's name as a size; None leaves the size to the request."""

    @property
    def name(self) -> str:
        """As `Case.model` has it."""
        return self.size or self.model.name


def chosen_model(name: str, types: Mapping[str, ModelType], unusable: Mapping[str, str]) -> ChosenModel:
    """A type by its name, else a checkpoint by its hub id or, where that is clear, by the part after the slash.

    Raises UnknownName with the nearest names of both kinds, or InvalidValue for a type in `unusable`, which tells why,
    and for a checkpoint of no type in `types`.
    """
    if model := types.get(name):
        return ChosenModel(model=model)
    if name in unusable:
        raise InvalidValue(unusable[name], field="models")
    size = find_size(name)
    if size is None:
        whole = "/" in name
        raise UnknownName(
            "checkpoint" if whole else "model type",
            name,
            [*types, *(load_checkpoints() if whole else size_names())],
            field="models",
            listed_in="`modeldyno catalog --checkpoints`" if whole else "`modeldyno catalog`",
        )
    checkpoint = size_names()[size]
    if checkpoint.model_type not in types:
        raise InvalidValue(unavailable(checkpoint, types, unusable) or "", field="models")
    return ChosenModel(model=types[checkpoint.model_type], size=size)


def unavailable(checkpoint: Checkpoint, types: Mapping[str, ModelType], unusable: Mapping[str, str]) -> str | None:
    """Why a checkpoint cannot be measured, as one sentence with the remedy; None when it can."""
    if checkpoint.model_type in unusable:
        return unusable[checkpoint.model_type]
    model = types.get(checkpoint.model_type)
    if model is None:
        return (
            f"{checkpoint.name} is a checkpoint of {checkpoint.model_type} in {checkpoint.library}, which is no model "
            "type of this catalogue; choose one that `modeldyno catalog --checkpoints` gives no reason against."
        )
    if not model.runnable:
        return model.status_reason or f"{model.name} has no recipe."
    return None
