"""The catalogue: every model type the installed libraries have, ready to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.catalog import cache, frozen, library
from engine.catalog.chosen import ChosenModel, chosen_model
from engine.catalog.classify import classify
from engine.catalog.custom import CustomTypes, custom_types
from engine.catalog.custom_file import UnusableType
from engine.catalog.diffusers_types import diffusers_types, find_installed
from engine.catalog.facts import with_facts
from engine.catalog.overrides import Overrides, overrides_path, parse_overrides
from engine.catalog.shapes import sequence_unit, shape_of
from engine.domain.model import ModelType, Tier
from engine.domain.skillset import module_name
from engine.errors import InvalidValue, UnknownName

__all__ = ["Catalog", "ChosenModel", "load_catalog", "scan", "sequence_unit", "shape_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    types: Mapping[str, ModelType]
    """Every registered type by name, in alphabetical order."""
    transformers_version: str
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Type of the user's own that `types` lacks -> why, with the file and the remedy."""
    warnings: tuple[str, ...] = ()
    """What is wrong with the user's own types, for whoever reads what the program says."""

    def get(self, name: str) -> ModelType:
        """The type called `name`; raises UnknownName with the nearest ones, or InvalidValue for an unusable one."""
        if name in self.unusable:
            raise InvalidValue(self.unusable[name], field="models")
        try:
            return self.types[name]
        except KeyError:
            raise UnknownName("model type", name, self.types, field="models") from None

    def choose_one(self, name: str) -> ChosenModel:
        """The type or checkpoint called `name`; raises UnknownName or InvalidValue."""
        return chosen_model(name, self.types, self.unusable)

    def choose(self, names: Sequence[str] = (), tier: Tier | None = None) -> list[ChosenModel]:
        """What the names stand for, types and checkpoints, each once; without names the runnable types of `tier`.

        Raises UnknownName, and InvalidValue for a checkpoint of a type that the catalogue lacks. A named type is
        returned even when it does not run.
        """
        named = [self.choose_one(name) for name in names]
        found = named or [ChosenModel(model=model) for model in self.select(tier=tier)]
        return list({(chosen.model.name, chosen.size): chosen for chosen in found}.values())

    def select(self, models: Sequence[str] = (), tier: Tier | None = None) -> list[ModelType]:
        """The named types in the order given, then the runnable types of `tier` and above, most used first.

        A checkpoint's name stands for its type. A named type is returned even when it does not run: whoever asks is
        told so, not ignored.
        """
        named = [self.choose_one(name).model for name in models]
        chosen = {model.name: model for model in named}
        for included in tier.included if tier else ():
            for model in self.types.values():
                if model.tier is included and model.runnable:
                    chosen.setdefault(model.name, model)
        return list(chosen.values())

    @property
    def first_run(self) -> list[ModelType]:
        return [model for model in self.runnable if model.in_first_run]

    @property
    def runnable(self) -> list[ModelType]:
        return [model for model in self.types.values() if model.runnable]


def load_catalog(cache_dir: Path) -> Catalog:
    """The catalogue of the installed transformers; scanned once per version and overrides, then read from `cache_dir`.

    With the types of diffusers, installed or not, and a user's own; of one name the latter holds, then transformers'.
    One of the user's own that cannot be used is not there, and whoever asks for it is told why. Neither scanning nor
    reading imports transformers, diffusers or torch.
    """
    overrides_text = overrides_path().read_text(encoding="utf-8")
    version = library.library_version()
    key = cache.key_of(version, overrides_text + frozen.recipes_digest(), library.library_folder())
    types = cache.load(cache_dir, key)
    if types is None:
        rows = frozen.frozen_rows()
        types = [with_facts(model, rows.get(model.name)) for model in scan(parse_overrides(overrides_text))]
        cache.save(cache_dir, key, types)
    known = {model.name: model for model in [*diffusers_types(find_installed()), *types]}
    return with_own_types(Catalog(types=known, transformers_version=version), custom_types())


def with_own_types(shipped: Catalog, own: CustomTypes) -> Catalog:
    """`shipped` with the user's own types in it, except those that cannot be used.

    Where the user means a shipped type by the name of one that cannot be used, that is not there either: it would be
    measured in its stead.
    """
    known = dict(shipped.types) | {name: with_facts(custom.model, custom.row) for name, custom in own.types.items()}
    faults = [*own.unusable, *_sharing_a_module(known, own)]
    unusable: dict[str, str] = {}
    for fault in faults:
        if fault.is_declared:
            known.pop(fault.name, None)
        if fault.name not in known:
            unusable[fault.name] = " ".join(filter(None, (unusable.get(fault.name), fault.reason)))
    return replace(
        shipped,
        types=dict(sorted(known.items(), key=lambda item: item[0].casefold())),
        unusable=unusable,
        warnings=tuple(
            f"{fault.reason} Until then {fault.name} is left out." if fault.name in unusable else fault.reason
            for fault in faults
        ),
    )


def _sharing_a_module(known: Mapping[str, ModelType], own: CustomTypes) -> list[UnusableType]:
    """Own types whose modules would overwrite those of other types; capitals make no difference on some disks."""
    sharing: dict[str, list[str]] = {}
    for name in known:
        sharing.setdefault(module_name(name).casefold(), []).append(name)
    return [
        UnusableType(
            name=name,
            is_declared=True,
            reason=f"{own.types[name].path} defines {name}, whose module {module_name(name)}.py would be that of "
            f"{' and '.join(other for other in names if other != name)} as well; give it another name.",
        )
        for names in sharing.values()
        if len(names) > 1
        for name in names
        if name in own.types
    ]


def registered() -> list[ModelType]:
    """Every registered type as the library and the overrides describe it, without what recipes add."""
    return scan(parse_overrides(overrides_path().read_text(encoding="utf-8")))


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
