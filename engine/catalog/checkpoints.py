"""Published checkpoints: known sizes of a model type, as differences from the library's default configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.config import resource_folder
from engine.errors import InvalidValue, UnknownName

LIBRARIES = ("transformers", "diffusers")

_REQUIRED: Mapping[str, type] = {"model_type": str, "model_class": str, "parameters": int, "source": str}
_OPTIONAL: Mapping[str, type] = {"library": str, "config": dict, "nulls": list, "note": str}
_KINDS = {str: "text", int: "a whole number", dict: "a table", list: "a list of texts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One published set of weights: what to build to have its size, and how many parameters it is said to have."""

    name: str
    """The hub id, owner included."""
    model_type: str
    """For diffusers the module that holds `model_class`, such as transformer_flux."""
    library: str
    model_class: str
    """The class whose parameters `parameters` counts; not always the class that a skillset of the type builds."""
    config: Mapping[str, Any]
    """Differences from the defaults of the configuration class; tables are sub-configurations. Copy before changing."""
    parameters: int
    """As published, so rounded where the source rounds; what `model_class` really has is within 1 %."""
    source: str
    note: str | None = None

    @property
    def short_name(self) -> str:
        return self.name.partition("/")[2]


def checkpoints_path() -> Path:
    return resource_folder("data") / "checkpoints.toml"


@cache
def load_checkpoints() -> Mapping[str, Checkpoint]:
    """Every shipped checkpoint by hub id, in the order of the file; read once per process."""
    return MappingProxyType(parse_checkpoints(checkpoints_path().read_text(encoding="utf-8")))


def checkpoints_of(model_type: str) -> list[Checkpoint]:
    """The shipped checkpoints of one model type, small to large; empty when there are none."""
    found = [checkpoint for checkpoint in load_checkpoints().values() if checkpoint.model_type == model_type]
    return sorted(found, key=lambda checkpoint: checkpoint.parameters)


def find_checkpoint(name: str, among: Mapping[str, Checkpoint] | None = None) -> Checkpoint:
    """The checkpoint with this hub id, or with this part after the slash where only one has it; of the shipped ones
    unless others are given.

    Raises UnknownName with the nearest names, or with the hub ids that share the short name.
    """
    checkpoints = load_checkpoints() if among is None else among
    if checkpoint := checkpoints.get(name):
        return checkpoint
    sharing = [checkpoint for checkpoint in checkpoints.values() if checkpoint.short_name == name]
    if len(sharing) == 1:
        return sharing[0]
    known = sharing or checkpoints.values()
    whole = bool(sharing) or "/" in name
    names = [entry.name if whole else entry.short_name for entry in known]
    raise UnknownName("checkpoint", name, names, listed_in="data/checkpoints.toml")


def parse_checkpoints(text: str) -> dict[str, Checkpoint]:
    """Checkpoints from TOML; raises InvalidValue naming the first faulty entry and what to change."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue(f"checkpoints.toml is not valid TOML ({error}); restore or correct it.") from error
    entries = document.pop("checkpoints", {})
    if document or not isinstance(entries, dict):
        raise InvalidValue('checkpoints.toml holds more than checkpoints; use only [checkpoints."owner/name"] tables.')
    return {name: _checkpoint(name, entry) for name, entry in entries.items()}


def _checkpoint(name: str, entry: object) -> Checkpoint:
    place = f'[checkpoints."{name}"] of checkpoints.toml'
    if not all(name.partition("/")):
        raise InvalidValue(f"{place} is not keyed by a hub id; write it as owner/name.")
    if not isinstance(entry, dict):
        raise InvalidValue(f"{place} is no table; give it {', '.join(_REQUIRED)}.")
    if problem := next(_problems(entry), None):
        raise InvalidValue(f"{place} {problem}")
    nulls = dict.fromkeys(entry.get("nulls", []))
    return Checkpoint(
        name=name,
        model_type=entry["model_type"],
        library=entry.get("library", LIBRARIES[0]),
        model_class=entry["model_class"],
        config={**entry.get("config", {}), **nulls},
        parameters=entry["parameters"],
        source=entry["source"],
        note=entry.get("note"),
    )


def _problems(entry: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one entry, as ends of a sentence that begins with its place."""
    kinds = {**_REQUIRED, **_OPTIONAL}
    if unknown := sorted(set(entry) - set(kinds)):
        yield f"has unknown keys {', '.join(unknown)}; use {', '.join(kinds)}."
    if missing := [key for key in _REQUIRED if key not in entry]:
        yield f"lacks {', '.join(missing)}; add what is missing."
    for key, value in entry.items():
        if type(value) is not kinds[key]:
            yield f"gives {key} as {value!r}; make it {_KINDS[kinds[key]]}."
        elif value == "" or (isinstance(value, int) and value < 1):
            yield f"gives {key} as {value!r}; state what was published."
    if (library := entry.get("library", LIBRARIES[0])) not in LIBRARIES:
        yield f"names the library {library!r}; choose one of {', '.join(LIBRARIES)}."
    nulls = entry.get("nulls", [])
    if not all(isinstance(field, str) for field in nulls):
        yield f"gives nulls as {nulls!r}; make it a list of texts."
    elif both := sorted(set(nulls) & set(entry.get("config", {}))):
        yield f"sets {', '.join(both)} in config and in nulls; keep one of them."
