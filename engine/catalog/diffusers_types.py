"""Model types of the diffusers library: it has no registry, so they stand in a table of ours, held against what is
installed without importing it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.config import resource_folder
from engine.domain.model import Family, ModelType, Shape, Status, Tier
from engine.errors import InvalidValue

LIBRARY = "diffusers"

_REQUIRED = frozenset(
    {"display_name", "task", "modalities", "tier", "class", "module", "reason", "parameters", "pixels", "scale", "step"}
    | {"inputs"}
)
_OPTIONAL = frozenset(
    {"folder", "side", "limit", "tiny", "default", "nulls", "packed", "conditional", "composite", "parts"}
)
_CLASS_NAME = re.compile(r'"([A-Z]\w+)"')

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    version: str
    class_names: frozenset[str]
    """What the package offers at its top."""


def find_installed() -> Installed | None:
    """The diffusers of this environment, read from its source; None without one."""
    spec = find_spec(LIBRARY)
    if spec is None or spec.origin is None:
        return None
    try:
        source = Path(spec.origin).read_text(encoding="utf-8")
        return Installed(version=version(LIBRARY), class_names=frozenset(_CLASS_NAME.findall(source)))
    except (OSError, PackageNotFoundError):
        return None


def table_path() -> Path:
    return resource_folder("data") / "diffusers_types.toml"


@lru_cache(maxsize=1)
def diffusers_rows() -> Mapping[str, Row]:
    """The shipped table by model type; read once per process."""
    return MappingProxyType(parse_table(table_path().read_text(encoding="utf-8")))


def parse_table(text: str) -> dict[str, Row]:
    """Rows from TOML; raises InvalidValue naming the first faulty entry and what to change."""
    try:
        rows: dict[str, Row] = tomllib.loads(text).get("types", {})
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue(f"diffusers_types.toml is not valid TOML ({error}); restore or correct it.") from error
    for name, row in rows.items():
        place = f"[types.{name}] of diffusers_types.toml"
        if lacking := sorted(_REQUIRED - set(row)):
            raise InvalidValue(f"{place} lacks {', '.join(lacking)}; add what is missing.")
        if unknown := sorted(set(row) - _REQUIRED - _OPTIONAL):
            raise InvalidValue(
                f"{place} has unknown keys {', '.join(unknown)}; use {', '.join(sorted(_REQUIRED | _OPTIONAL))}."
            )
        if row["tier"] not in tuple(Tier):
            raise InvalidValue(f"{place} names the tier {row['tier']!r}; choose one of {', '.join(Tier)}.")
    return rows


def diffusers_types(installed: Installed | None) -> list[ModelType]:
    """Every type of the table, in alphabetical order; runnable where `installed` has all its classes."""
    rows = sorted(diffusers_rows().items(), key=lambda entry: entry[0].casefold())
    return [_model(name, row, installed) for name, row in rows]


def _model(name: str, row: Row, installed: Installed | None) -> ModelType:
    missing = _missing(name, row, installed)
    return ModelType(
        name=name,
        display_name=row["display_name"],
        family=Family.DIFFUSION,
        task=row["task"],
        tier=Tier(row["tier"]),
        source=LIBRARY,
        module=row["module"],
        config_class=row["class"],
        model_class=row["class"],
        tasks=(row["task"],),
        modalities=tuple(row["modalities"]),
        status=Status.RUNNABLE if missing is None else Status.NEEDS_PACKAGE,
        status_reason=missing,
        packages=() if missing is None else (LIBRARY,),
        tiny_shape=Shape(image_size=row["pixels"]["tiny"]),
        default_shape=Shape(image_size=row["pixels"]["default"]),
        tiny_parameters=row["parameters"]["tiny"],
        default_parameters=row["parameters"]["default"],
    )


def _missing(name: str, row: Row, installed: Installed | None) -> str | None:
    """What has to be installed before the type runs, in a sentence with the command; None when nothing."""
    if installed is None:
        return f"{name} needs {LIBRARY}: pip install {LIBRARY}"
    parts = [part for part in row.get("parts", {}).values() if "module" not in part]
    wanted = {part["class"] for part in parts} if parts else {row["class"]}
    if lacking := sorted(wanted - installed.class_names):
        return (
            f"{name} needs {' and '.join(lacking)}, which {LIBRARY} {installed.version} does not have: "
            f"pip install --upgrade {LIBRARY}"
        )
    return None
