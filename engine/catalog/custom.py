"""Model types of a user's own: one TOML file each in a folder, or named by an installed package's entry points."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType

from engine.catalog.custom_file import CustomType, UnusableType, read_custom_file
from engine.config import default_home, named_folder

GROUP = "modeldyno.types"
"""Entry points of this group load to a path, of a TOML file or of a folder of such files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomTypes:
    """What the own files come to: a faulty one costs its own type and no other."""

    types: Mapping[str, CustomType]
    """By name."""
    unusable: tuple[UnusableType, ...]


def custom_folder() -> Path:
    """`$MODELDYNO_CUSTOM` if set, else `custom` beside the measurements; types/ and templates/ lie inside.

    Raises InvalidValue for a path that cannot be one.
    """
    if folder := os.environ.get("MODELDYNO_CUSTOM"):
        return named_folder("MODELDYNO_CUSTOM", folder)
    return default_home() / "custom"


def custom_types() -> CustomTypes:
    """Every own type, and each that cannot be used with the file and what to change in it."""
    found: dict[str, list[CustomType]] = {}
    unusable: list[UnusableType] = []
    for read in _read_all():
        if isinstance(read, UnusableType):
            unusable.append(read)
        else:
            found.setdefault(read.model.name, []).append(read)
    for name, several in found.items():
        if len(several) > 1:
            paths = " and ".join(str(custom.path) for custom in several)
            unusable.append(UnusableType(name=name, is_declared=True, reason=f"{paths} all define {name}; keep one."))
    types = {name: several[0] for name, several in found.items() if len(several) == 1}
    return CustomTypes(types=MappingProxyType(types), unusable=tuple(unusable))


def _read_all() -> Iterator[CustomType | UnusableType]:
    """What each file holds, once however often it is named."""
    paths = sorted((custom_folder() / "types").glob("*.toml"))
    for entry in _entries(tuple(sys.path)):
        given = _path_of(entry)
        if isinstance(given, UnusableType):
            yield given
        else:
            paths += sorted(given.glob("*.toml")) if given.is_dir() else [given]
    yield from map(read_custom_file, dict.fromkeys(path.absolute() for path in paths))


@lru_cache(maxsize=4)
def _entries(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """What packages on `path` offer; looked up once, because that reads the metadata of each of them."""
    return tuple(sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def _path_of(entry: EntryPoint) -> Path | UnusableType:
    try:
        value = entry.load()
        return Path(value() if callable(value) else value)
    except Exception as error:  # a package of somebody else's: whatever it raises is told, with whose it is
        reason = (
            f"The entry point {entry.name} of {GROUP} ({entry.value}) cannot be loaded ({error}); "
            "mend the package or uninstall it."
        )
        return UnusableType(name=entry.name, is_declared=False, reason=reason)
