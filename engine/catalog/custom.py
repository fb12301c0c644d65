"""Model types of a user's own: one TOML file each in a folder, or named by an installed package's entry points."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from engine.config import default_home
from engine.domain.model import Family, ModelType, Tier
from engine.errors import InvalidValue

GROUP = "modeldyno.types"
"""Entry points of this group load to a path, of a TOML file or of a folder of such files."""

_TYPE_KEYS = ("name", "display_name", "family", "task", "model_class", "config_class")
_RECIPE_KEYS = ("inputs", "tiny", "default", "length", "default_length", "unit", "limit", "image", "outputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomType:
    """One type as its file tells it: what the catalogue lists, and the row that a recipe is read from."""

    model: ModelType
    row: Mapping[str, Any]
    path: Path


def custom_folder() -> Path:
    """`$MODELDYNO_CUSTOM` if set, else `custom` beside the measurements; types/ and templates/ lie inside."""
    if folder := os.environ.get("MODELDYNO_CUSTOM"):
        return Path(folder).expanduser().resolve()
    return default_home() / "custom"


def custom_types() -> dict[str, CustomType]:
    """Every own type by name; raises InvalidValue naming the file and what to change in it."""
    found: dict[str, CustomType] = {}
    for path in _files():
        custom = _parsed(path, path.stat().st_mtime_ns)
        if custom.model.name in found:
            raise InvalidValue(
                f"{path} and {found[custom.model.name].path} both define {custom.model.name}; remove one."
            )
        found[custom.model.name] = custom
    return found


def _files() -> Iterator[Path]:
    yield from sorted((custom_folder() / "types").glob("*.toml"))
    for entry in _entries(tuple(sys.path)):
        path = _path_of(entry)
        yield from sorted(path.glob("*.toml")) if path.is_dir() else [path]


@lru_cache(maxsize=4)
def _entries(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """What packages on `path` offer; looked up once, because that reads the metadata of each of them."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def _path_of(entry: EntryPoint) -> Path:
    try:
        value = entry.load()
        return Path(value() if callable(value) else value)
    except Exception as error:  # a package of somebody else's: whatever it raises is told, with whose it is
        raise InvalidValue(
            f"The entry point {entry.name} of {GROUP} ({entry.value}) cannot be loaded ({error}); "
            "mend the package or uninstall it."
        ) from error


@lru_cache(maxsize=256)
def _parsed(path: Path, modified: int) -> CustomType:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidValue(f"{path} cannot be read as TOML ({error}); correct it.") from error
    about, recipe = _table(document, "type", _TYPE_KEYS, path), _table(document, "recipe", _RECIPE_KEYS, path)
    for key in (*_TYPE_KEYS,):
        if not isinstance(about.get(key), str) or not about[key]:
            raise InvalidValue(f"[type] of {path} gives no {key}; add it as a text.")
    if about["family"] not in {family.value for family in Family}:
        raise InvalidValue(f"{path} names the family {about['family']!r}; choose one of {', '.join(Family)}.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", about["name"]):
        raise InvalidValue(f"{path} names the type {about['name']!r}; use letters, digits, '-', '_' and '.'.")
    if not recipe.get("inputs"):
        raise InvalidValue(f"[recipe] of {path} gives no inputs; list what a forward pass takes.")
    classes = {key: _class(about[key], key, path) for key in ("model_class", "config_class")}
    model = ModelType(
        name=about["name"],
        display_name=about["display_name"],
        family=Family(about["family"]),
        task=about["task"],
        tier=Tier.LOW,
        module=classes["model_class"][0],
        config_class=classes["config_class"][1],
        model_class=classes["model_class"][1],
        tasks=(about["task"],),
        source="custom",
    )
    return CustomType(model=model, row=_row(model, classes, recipe), path=path)


def _table(document: Mapping[str, Any], name: str, keys: tuple[str, ...], path: Path) -> Mapping[str, Any]:
    table = document.get(name)
    if not isinstance(table, Mapping):
        raise InvalidValue(f"{path} has no [{name}] table; add one with {', '.join(keys)}.")
    if unknown := sorted(set(table) - set(keys)):
        raise InvalidValue(f"[{name}] of {path} has unknown keys {', '.join(unknown)}; use {', '.join(keys)}.")
    return table


def _class(value: str, key: str, path: Path) -> tuple[str, str]:
    """Module and name of a class written as package.module.Class."""
    module, _, name = value.rpartition(".")
    if not module or not all(part.isidentifier() for part in value.split(".")):
        raise InvalidValue(f"{path} gives {key} as {value!r}; write it as package.module.Class.")
    return module, name


def _row(model: ModelType, classes: Mapping[str, tuple[str, str]], recipe: Mapping[str, Any]) -> dict[str, Any]:
    length = recipe.get("length", 16)
    return {
        "model_type": model.name,
        "status": "runs",
        "class": model.model_class,
        "imports": {name: module for module, name in classes.values()},
        "rung": "tiny",
        "default": recipe.get("default", {}),
        "tiny": recipe.get("tiny", {}),
        "inputs": recipe["inputs"],
        "lengths": {"tiny": length, "default": recipe.get("default_length", length)},
        "unit": recipe.get("unit"),
        "limit": recipe.get("limit"),
        "image": recipe.get("image"),
        "resizing": None,
        "generation": {"reason": None},
        "routing": None,
        "missing": [],
        "outputs": {key: [] for key in recipe.get("outputs", ["output"])},
        "parameters": {"tiny": None, "default": None},
    }
