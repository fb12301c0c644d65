"""Published checkpoints: known sizes of a model type, as differences from the library's default configuration."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.config import resource_folder
from engine.domain.model import Size
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


@cache
def size_names() -> Mapping[str, Checkpoint]:
    """Every shipped checkpoint by its name as a size and in a request."""
    return MappingProxyType(named_as_sizes(load_checkpoints().values()))


def named_as_sizes(checkpoints: Collection[Checkpoint]) -> dict[str, Checkpoint]:
    """Checkpoints by the hub id without its owner, where that is clear.

    Two that share the rest keep their hub ids, and so does one whose rest is its model type's own name (gpt2).
    """
    times = Counter(checkpoint.short_name for checkpoint in checkpoints)
    return {
        checkpoint.short_name
        if times[checkpoint.short_name] == 1 and checkpoint.short_name != checkpoint.model_type
        else checkpoint.name: checkpoint
        for checkpoint in checkpoints
    }


def find_size(name: str) -> str | None:
    """The checkpoint's name as a size, given that or its hub id; None where no shipped one is called so."""
    return next((size for size, checkpoint in size_names().items() if name in (size, checkpoint.name)), None)


def sizes_of(model_type: str) -> dict[str, Checkpoint]:
    """The shipped checkpoints of one model type by the name that each has as a size, small to large."""
    found = [(name, checkpoint) for name, checkpoint in size_names().items() if checkpoint.model_type == model_type]
    return dict(sorted(found, key=lambda pair: pair[1].parameters))


def parse_size(model_type: str, text: str) -> str:
    """A size of the type as cases have it: tiny, default, or a checkpoint by whichever name.

    Raises UnknownName, or InvalidValue for a checkpoint of another type.
    """
    if text in tuple(Size):
        return Size(text)
    sizes = sizes_of(model_type)
    for name, checkpoint in sizes.items():
        if text in (name, checkpoint.name, checkpoint.short_name):
            return name
    if (elsewhere := find_size(text)) is not None:
        other = size_names()[elsewhere].model_type
        raise InvalidValue(f"{text} is a checkpoint of {other}, not of {model_type}.", field="size")
    listed_in = "`modeldyno catalog --checkpoints`"
    raise UnknownName("size", text, [*(str(size) for size in Size), *sizes], field="size", listed_in=listed_in)


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
