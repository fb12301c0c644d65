"""Which model types are parts of others."""

from __future__ import annotations

from typing import Any


def parents(arguments: dict[str, Any]) -> dict[str, Any]:
    """`parents`: model type -> types whose configuration holds it; `arguments["modules"]` maps types to packages.

    Only types of the same modelling package count: a text model that many others build on is no part of them.
    """
    modules: dict[str, str] = arguments["modules"]
    found: dict[str, list[str]] = {}
    for name, module in modules.items():
        for part in _parts_of(name):
            if part != name and modules.get(part) == module:
                found.setdefault(part, []).append(name)
    return {"parents": {part: sorted(names) for part, names in found.items()}}


def _parts_of(model_type: str) -> set[str]:
    from engine.recipes.search.classes import config_class_of

    try:
        specs = getattr(config_class_of(model_type), "sub_configs_defaults", {})
    except ImportError:  # a configuration whose package is missing tells no parts
        return set()
    return {spec.model_type for spec in specs.values() if getattr(spec, "model_type", None)}
