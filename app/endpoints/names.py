"""Names in requests, looked up in the catalogue."""

from __future__ import annotations

from engine.catalog.chosen import ChosenModel
from engine.catalog.registry import Catalog
from engine.errors import EngineError, NotFound, UnknownName


def model_named(catalog: Catalog, name: str, *, field: str = "model") -> ChosenModel:
    """The type or checkpoint of that name; UnknownName or InvalidValue of `field` otherwise."""
    try:
        return catalog.choose_one(name)
    except EngineError as error:
        error.field = field
        raise


def model_in_path(catalog: Catalog, name: str) -> ChosenModel:
    """Likewise, where the name is part of the address: raises NotFound."""
    try:
        return catalog.choose_one(name)
    except UnknownName as error:
        raise NotFound(error.message, field="model") from error
