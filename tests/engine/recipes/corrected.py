"""The search with the corrections that the product ships."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import Catalog
from engine.config import resource_folder


def corrected(loaded: ForkServerLauncher, catalog: Catalog, model_type: str) -> Mapping[str, Any]:
    text = (resource_folder("data") / "recipe_overrides.toml").read_text(encoding="utf-8")
    entry = tomllib.loads(text)["types"].get(model_type, {})
    return search(loaded, catalog, model_type, **{key: value for key, value in entry.items() if key != "reason"})


def search(loaded: ForkServerLauncher, catalog: Catalog, model_type: str, **override: Any) -> Mapping[str, Any]:
    model = catalog.get(model_type)
    outcome = loaded.run(
        "engine.recipes.search.search:search",
        {
            "model_type": model.name,
            "module": model.module,
            "offered": [model.model_class],
            "seconds": 60.0,
            "override": override,
        },
        timeout_seconds=120.0,
    )
    assert outcome.value is not None, outcome.failure
    return outcome.value


def names_of(recipe: Mapping[str, Any]) -> set[str]:
    return {item["name"] for item in recipe["plan"]["inputs"]}
