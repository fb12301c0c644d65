"""What a name in a request stands for: a model type, or a published checkpoint of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.catalog.checkpoints import Checkpoint, find_size, load_checkpoints, size_names
from engine.catalog.classify import TASK_OF_TABLE
from engine.catalog.library import library_folder, read_name_tables
from engine.catalog.weights import CHECKPOINT_SIZE, Weights
from engine.domain.model import ModelType
from engine.errors import InvalidValue, UnknownName, nearest_names


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModel:
    model: ModelType
    size: str | None = None
    """The checkpoint's name as a size; None leaves the size to the request."""
    weights: Weights | None = None
    """Trained weights to load; None for random ones."""

    @property
    def name(self) -> str:
        """As `Case.model` has it."""
        return self.size or self.model.name

    @property
    def task(self) -> str:
        """Of the class that is built: the type's own, else that of the class that the weights were saved from."""
        saved = self.weights.saved_class if self.weights is not None else None
        if saved is None or saved == self.model.model_class:
            return self.model.task
        tables = read_name_tables(library_folder()).auto_classes
        for table, task in TASK_OF_TABLE.items():
            names = tables.get(table, {}).get(self.model.name, ())
            if saved in ([names] if isinstance(names, str) else names):
                return task
        return self.model.task


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


def model_of_weights(
    weights: Weights, types: Mapping[str, ModelType], unusable: Mapping[str, str], named: str | None = None
) -> ChosenModel:
    """The type that config.json says the weights are of; raises InvalidValue where that cannot be measured.

    `named` is what the user called it as well: the two must agree.
    """
    found = weights.model_type
    if found in unusable:
        raise InvalidValue(unusable[found], field="checkpoint")
    if found not in types:
        near = nearest_names(found, types)
        hint = f" Did it mean {' or '.join(near)}?" if near else ""
        raise InvalidValue(
            f"{weights.name} is of model type {found!r}, which the installed library does not have.{hint} "
            "`modeldyno catalog` lists those that it has.",
            field="checkpoint",
        )
    model = types[found]
    if named is not None and named != found:
        raise InvalidValue(
            f"{weights.name} is a checkpoint of {found}, not of {named}; leave the model out, or name {found}.",
            field="checkpoint",
        )
    if not model.runnable:
        raise InvalidValue(
            f"{weights.name} is a checkpoint of {found}: {model.status_reason or 'there is no recipe for it.'}",
            field="checkpoint",
        )
    return ChosenModel(model=model, size=CHECKPOINT_SIZE, weights=weights)


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
