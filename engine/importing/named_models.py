"""Which model a name in a file means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalog.library import library_folder, read_name_tables
from engine.catalog.registry import Catalog
from engine.domain.model import Family, Size
from engine.errors import InvalidValue, UnknownName, nearest_names


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedModel:
    model_type: str
    family: Family
    task: str
    size: str


class NamedModels:
    """Resolves names once each. Not for use by several threads."""

    def __init__(self, catalog: Catalog, described: Mapping[str, Any]) -> None:
        """`described`: name -> a configuration of the library, or {"model_type": ..., "family": ...}."""
        self._catalog = catalog
        self._described = described

    def find(
        self, name: str, *, model_type: str | None, family: Family | None, task: str | None, size: str | None
    ) -> NamedModel:
        """A type or published checkpoint by its name; anything else by the type or family that is told of it.

        A name that is not the type's own is kept as the size: bert_large of type bert. Raises ValueError.
        """
        told = self._described.get(name)
        if isinstance(told, dict):
            model_type = model_type or self._type_told(name, told)
            family = family or _family_told(name, told)
        if model_type is None:
            try:
                chosen = self._catalog.choose_one(name)
            except (UnknownName, InvalidValue):
                return self._stranger(name, family, task, size)
            model_type, size = chosen.model.name, chosen.size or size or Size.DEFAULT
        elif name != model_type:
            size = size or name
        if model_type not in self._catalog.types:
            near = nearest_names(model_type, self._catalog.types)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(f"model_type {model_type!r} is not in the catalogue{hint}")
        model = self._catalog.types[model_type]
        return NamedModel(
            model_type=model.name,
            family=family or model.family,
            task=task or model.task,
            size=size or Size.DEFAULT,
        )

    def _stranger(self, name: str, family: Family | None, task: str | None, size: str | None) -> NamedModel:
        """A model that the catalogue does not know stays what it is called, in the family that it is said to be of."""
        if family is None:
            raise ValueError(
                f"model {name!r} is neither a model type nor a published checkpoint; tell its type in a column "
                "model_type or by --models FILE, or at least its family in a column family"
            )
        return NamedModel(model_type=name, family=family, task=task or "unknown", size=size or Size.DEFAULT)

    def _type_told(self, name: str, told: Mapping[str, Any]) -> str | None:
        """By model_type, or by the type at home with the class in architectures."""
        if isinstance(found := told.get("model_type"), str):
            return found
        classes = told.get("architectures")
        if not isinstance(classes, list) or not classes:
            return None
        owners = {
            owner
            for table in read_name_tables(library_folder()).auto_classes.values()
            for owner, names in table.items()
            if classes[0] in ([names] if isinstance(names, str) else names)
        }
        if len(owners) > 1:  # types that borrow another's class, which is at home in a package of its own name
            owners = {name for name in owners if (at := self._catalog.types.get(name)) and at.module == name}
        if len(owners) != 1:
            raise ValueError(f"the type of {name} does not follow from the class {classes[0]}; add its model_type")
        return owners.pop()


def _family_told(name: str, told: Mapping[str, Any]) -> Family | None:
    found = told.get("family")
    if found is None:
        return None
    if found not in tuple(Family):
        raise ValueError(f"family {found!r} of {name} is unknown; choose from {', '.join(Family)}")
    return Family(found)
