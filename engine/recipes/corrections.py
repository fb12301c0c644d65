"""What people know about model types and no rule of the search can; each entry has its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from engine.config import resource_folder
from engine.errors import InvalidValue

KEYS = frozenset({"reason", "class", "part", "default", "config", "length", "inputs", "generation"})


@cache
def load_corrections() -> Mapping[str, Mapping[str, Any]]:
    """Model type -> correction, from data/recipe_overrides.toml; raises InvalidValue for what is no correction."""
    text = (resource_folder("data") / "recipe_overrides.toml").read_text(encoding="utf-8")
    return MappingProxyType(parse_corrections(text))


def parse_corrections(text: str) -> dict[str, Mapping[str, Any]]:
    """Raises InvalidValue, naming the type, for unknown keys or a missing reason."""
    try:
        types: dict[str, Mapping[str, Any]] = tomllib.loads(text).get("types", {})
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue(f"recipe_overrides.toml is not valid TOML ({error}); restore or correct it.") from error
    for name, entry in types.items():
        if unknown := sorted(set(entry) - KEYS):
            raise InvalidValue(f"[types.{name}] of recipe_overrides.toml has unknown keys {', '.join(unknown)}.")
        if not str(entry.get("reason", "")).strip():
            raise InvalidValue(f"[types.{name}] of recipe_overrides.toml gives no reason; add one sentence.")
    return types
