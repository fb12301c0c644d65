"""The catalogue: every model type the installed library registers, ready to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.catalog import cache, library
from engine.catalog.classify import classify
from engine.catalog.overrides import Overrides, overrides_path, parse_overrides
from engine.catalog.shapes import sequence_unit, shape_of
from engine.domain.model import ModelType, Tier
from engine.errors import UnknownName

__all__ = ["Catalog", "load_catalog", "scan", "sequence_unit", "shape_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    types: Mapping[str, ModelType]
    """Every registered type by name, in alphabetical order."""
    transformers_version: str

    def get(self, name: str) -> ModelType:
        """The type called `name`; raises UnknownName with the nearest ones."""
        try:
            return self.types[name]
        except KeyError:
            raise UnknownName("model type", name, self.types, field="models") from None

    def select(self, models: Sequence[str] = (), tier: Tier | None = None) -> list[ModelType]:
        """The named types in the order given, then the verified types of `tier` and above, most used first.

        A named type is returned even when this release has no recipe for it: whoever asks is told so, not ignored.
        """
        chosen = {name: self.get(name) for name in models}
        for included in tier.included if tier else ():
            for model in self.types.values():
                if model.tier is included and model.verified:
                    chosen.setdefault(model.name, model)
        return list(chosen.values())

    @property
    def verified(self) -> list[ModelType]:
        return [model for model in self.types.values() if model.verified]


def load_catalog(cache_dir: Path) -> Catalog:
    """The catalogue of the installed transformers; scanned once per version and overrides, then read from `cache_dir`.

    Neither scanning nor reading imports transformers or torch.
    """
    overrides_text = overrides_path().read_text(encoding="utf-8")
    version = library.library_version()
    key = cache.key_of(version, overrides_text, library.library_folder())
    types = cache.load(cache_dir, key)
    if types is None:
        types = scan(parse_overrides(overrides_text))
        cache.save(cache_dir, key, types)
    return Catalog(types={model.name: model for model in types}, transformers_version=version)


def scan(overrides: Overrides) -> list[ModelType]:
    """Every registered type, read from the library's source and corrected by `overrides`; about a second."""
    folder = library.library_folder()
    tables = library.read_name_tables(folder)
    by_module = sorted(tables.config_classes, key=lambda name: (tables.module_of(name), name))
    types = [
        overrides.apply(classify(name, tables, library.read_source_facts(folder / "models" / tables.module_of(name))))
        for name in by_module
    ]
    return sorted(types, key=lambda model: model.name.casefold())
