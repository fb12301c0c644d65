"""One file of a user's own model type: read, checked, and turned into what the catalogue lists and how it is run."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from keyword import iskeyword
from pathlib import Path
from typing import Any

from engine.catalog.custom_recipe import RECIPE_KEYS, recipe_problems
from engine.domain.model import Family, ModelType, Tier
from engine.errors import InvalidValue

_TYPE_KEYS = ("name", "display_name", "family", "task", "model_class", "config_class")
_TABLES = ("type", "recipe")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_WORDS = re.compile(r"[\w .+/-]+")
"""What may stand in a generated module's sentences."""
_LONGEST = 80
"""Characters of what a line of a generated module holds in full."""
_NAME_LINE = re.compile(r"""^\s*name\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomType:
    """One type as its file tells it: what the catalogue lists, and the row that a recipe is read from."""

    model: ModelType
    row: Mapping[str, Any]
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableType:
    """A type of the user's own that cannot be used."""

    name: str
    is_declared: bool
    """Whether its file says this name; the file's own name stands in where nobody can read one."""
    reason: str
    """One sentence naming the file, where in it, and the remedy."""


def read_custom_file(path: Path) -> CustomType | UnusableType:
    """The type in the TOML file at `path`, or why there is none; read once per state of the file."""
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        return _unusable(path, "", f"{path} cannot be read ({error.strerror or error}); correct or remove it.")


@lru_cache(maxsize=256)
def _read(path: Path, modified: int) -> CustomType | UnusableType:
    content = path.read_bytes()
    text = content.decode("utf-8", errors="replace")
    try:
        return _type_of(tomllib.loads(content.decode("utf-8")), path)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unusable(path, text, f"{path}, line {line}, is not UTF-8 ({error.reason}); save it as UTF-8.")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return _unusable(path, text, f"{path} cannot be read as TOML: {error}; correct it there.")
    except InvalidValue as error:
        return _unusable(path, text, error.message)


def _unusable(path: Path, text: str, reason: str) -> UnusableType:
    """Under the name in `text`, which need not be TOML, or that of the file."""
    declared = _NAME_LINE.search(text)
    return UnusableType(name=declared[1] if declared else path.stem, is_declared=declared is not None, reason=reason)


def _type_of(document: Mapping[str, Any], path: Path) -> CustomType:
    """Raises InvalidValue with the file, the first faulty key and the remedy."""
    about, recipe = _table(document, "type", _TYPE_KEYS, path), _table(document, "recipe", RECIPE_KEYS, path)
    if unknown := sorted(set(document) - set(_TABLES)):
        raise InvalidValue(f"{path} holds {', '.join(unknown)} beside [type] and [recipe]; remove what is unknown.")
    if problem := next(_type_problems(about), None):
        raise InvalidValue(f"[type] of {path} {problem}")
    if problem := next(recipe_problems(recipe), None):
        raise InvalidValue(f"[recipe] of {path} {problem}")
    model_module, _, model_class = about["model_class"].rpartition(".")
    config_module, _, config_class = about["config_class"].rpartition(".")
    model = ModelType(
        name=about["name"],
        display_name=about["display_name"],
        family=Family(about["family"]),
        task=about["task"],
        tier=Tier.LOW,
        module=model_module,
        config_class=config_class,
        model_class=model_class,
        tasks=(about["task"],),
        source="custom",
    )
    imports = {model_class: model_module, config_class: config_module}
    return CustomType(model=model, row=_row(model, imports, recipe), path=path)


def _table(document: Mapping[str, Any], name: str, keys: tuple[str, ...], path: Path) -> Mapping[str, Any]:
    table = document.get(name)
    if not isinstance(table, Mapping):
        raise InvalidValue(f"{path} has no [{name}] table; add one with {', '.join(keys)}.")
    if unknown := sorted(set(table) - set(keys)):
        raise InvalidValue(f"[{name}] of {path} has unknown keys {', '.join(unknown)}; use {', '.join(keys)}.")
    return table


def _type_problems(about: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with [type], as ends of a sentence that begins with its place."""
    for key in _TYPE_KEYS:
        if key not in about:
            yield f"gives no {key}; add it as a text."
        elif not isinstance(about[key], str) or not about[key]:
            yield f"gives {key} as {about[key]!r}; make it a text."
    if not _NAME.fullmatch(about["name"]):
        yield f"gives name as {about['name']!r}; use letters, digits, '-', '_' and '.'."
    if about["family"] not in {family.value for family in Family}:
        yield f"gives family as {about['family']!r}; choose one of {', '.join(Family)}."
    for key in ("display_name", "task"):
        if not _WORDS.fullmatch(about[key]):
            yield f"gives {key} as {about[key]!r}; use letters, digits, spaces and . + / - _ alone."
    for key in ("name", "display_name", "task"):
        if len(about[key]) > _LONGEST:
            yield f"gives {key} in {len(about[key])} characters; use {_LONGEST} at most."
    for key in ("model_class", "config_class"):
        parts = about[key].split(".")
        if len(parts) < 2 or not all(part.isidentifier() and not iskeyword(part) for part in parts):
            yield f"gives {key} as {about[key]!r}; write it as package.module.Class."
    if (name := about["model_class"].rpartition(".")[2]) == about["config_class"].rpartition(".")[2]:
        yield f"gives model_class and config_class one name, {name}; name two classes."


def _row(model: ModelType, imports: Mapping[str, str], recipe: Mapping[str, Any]) -> dict[str, Any]:
    length = recipe.get("length", 16)
    limit = recipe.get("limit")
    return {
        "model_type": model.name,
        "status": "runs",
        "class": model.model_class,
        "imports": dict(imports),
        "rung": "tiny",
        "default": recipe.get("default", {}),
        "tiny": recipe.get("tiny", {}),
        "inputs": recipe["inputs"],
        "lengths": {"tiny": length, "default": recipe.get("default_length", length)},
        "unit": recipe.get("unit"),
        "limit": None if limit is None else str(limit),
        "image": recipe.get("image"),
        "resizing": None,
        "generation": {"reason": None},
        "routing": None,
        "missing": [],
        "outputs": {key: [] for key in recipe.get("outputs", ["output"])},
        "parameters": {"tiny": None, "default": None},
    }
