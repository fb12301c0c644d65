"""What people add to the library's registry: tiers, display names and corrections, each with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.config import resource_folder
from engine.domain.model import Family, ModelType, Tier
from engine.errors import InvalidValue

_KEYS = {"display_name", "tier", "family", "task", "model_class", "reason"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    tiers: Mapping[str, Tier]
    """Model type -> tier, for whole lists of types."""
    types: Mapping[str, Mapping[str, Any]]
    """Model type -> fields that replace what the library says."""
    first_run: frozenset[str] = frozenset()

    def apply(self, model: ModelType) -> ModelType:
        fields = {key: value for key, value in self.types.get(model.name, {}).items() if key != "reason"}
        tier = Tier(fields.pop("tier", self.tiers.get(model.name, model.tier)))
        if "family" in fields:
            fields["family"] = Family(fields["family"])
        return replace(model, tier=tier, in_first_run=model.name in self.first_run, **fields)


def overrides_path() -> Path:
    return resource_folder("data") / "catalog_overrides.toml"


def parse_overrides(text: str) -> Overrides:
    """Overrides from TOML; types that the installed library lacks are kept and simply never meet their type."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue(f"catalog_overrides.toml is not valid TOML ({error}); restore or correct it.") from error
    tiers: dict[str, Tier] = {}
    for name, entry in document.get("tiers", {}).items():
        _require_reason(f"tiers.{name}", entry)
        tiers.update(dict.fromkeys(entry["types"], _tier(f"tiers.{name}", name)))
    first_run = document.get("first_run", {"types": [], "reason": "none"})
    _require_reason("first_run", first_run)
    types: Mapping[str, Mapping[str, Any]] = document.get("types", {})
    for name, entry in types.items():
        _require_reason(f"types.{name}", entry)
        if unknown := set(entry) - _KEYS:
            raise InvalidValue(
                f"[types.{name}] of catalog_overrides.toml has unknown keys {', '.join(sorted(unknown))}; "
                f"use {', '.join(sorted(_KEYS))}."
            )
        if "tier" in entry:
            _tier(f"types.{name}", entry["tier"])
        if (family := entry.get("family")) not in {None, *(known.value for known in Family)}:
            raise InvalidValue(
                f"[types.{name}] of catalog_overrides.toml names the family {family!r}; "
                f"choose one of {', '.join(Family)}."
            )
    return Overrides(tiers=tiers, types=types, first_run=frozenset(first_run["types"]))


def _tier(place: str, value: str) -> Tier:
    if value not in {tier.value for tier in Tier}:
        raise InvalidValue(
            f"[{place}] of catalog_overrides.toml names the tier {value!r}; choose one of {', '.join(Tier)}."
        )
    return Tier(value)


def _require_reason(place: str, entry: Mapping[str, Any]) -> None:
    if not str(entry.get("reason", "")).strip():
        raise InvalidValue(f"[{place}] of catalog_overrides.toml gives no reason; add one sentence.")
