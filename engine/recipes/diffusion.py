"""What is known about building and running one model type of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.recipes.recipe import Recipe
from engine.recipes.search.inputs import Input, plan_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One model of several that make up a type."""

    name: str
    """Also the folder that a checkpoint of the pipeline keeps it in."""
    model_class: str
    config_class: str | None
    """For a part of transformers, which is built from a configuration object."""
    module: str
    tiny: Mapping[str, Any]
    default: Mapping[str, Any]
    checkpoints: Mapping[str, Mapping[str, Any]]
    """Hub id -> arguments instead of the default ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionRecipe:
    recipe: Recipe
    folder: str | None
    """Where a checkpoint of the whole pipeline keeps the model; None for a composite, which is that pipeline."""
    pixels: Mapping[str, int]
    """Size -> side of a square image."""
    scale: int
    """Pixels along a side that one place of the input stands for."""
    step: int
    """What an image's side, in pixels, is a multiple of."""
    side: str | None
    """Expression of the input's side; None where no field of the configuration tells it."""
    limit: str | None
    """Expression of the largest side in pixels; None where nothing limits it."""
    packed: Mapping[str, tuple[str, ...]]
    """Argument of the model -> inputs that travel inside it."""
    conditional: Mapping[str, str]
    """Input -> expression that says whether a configuration reads it."""
    parts: tuple[Part, ...]
    """Of a composite, in the order of their names; empty for a single model."""


def diffusion_recipe_of(row: Mapping[str, Any]) -> DiffusionRecipe:
    """The recipe in an entry of data/diffusers_types.toml."""
    parts = tuple(_part(name, entry) for name, entry in sorted(row.get("parts", {}).items()))
    imports: dict[str, str] = {}
    for part in parts:
        imports |= dict.fromkeys((part.model_class, *([part.config_class] if part.config_class else [])), part.module)
    return DiffusionRecipe(
        recipe=Recipe(
            model_class=row["class"],
            part=None,
            imports=imports or {row["class"]: "diffusers"},
            rung="tiny",
            default={**row.get("default", {}), **dict.fromkeys(row.get("nulls", ()))},
            tiny=row.get("tiny", {}),
            inputs=_inputs(row, 0),
            default_inputs=_inputs(row, 1),
            lengths={},
            unit=None,
            limit=None,
            image=None,
            resizing=None,
            patch_is_list=False,
            generation=None,
            routing=None,
            outputs=("sample",),
            missing=(),
        ),
        folder=row.get("folder"),
        pixels=row["pixels"],
        scale=row["scale"],
        step=row["step"],
        side=row.get("side"),
        limit=row.get("limit"),
        packed={name: tuple(names) for name, names in row.get("packed", {}).items()},
        conditional=row.get("conditional", {}),
        parts=parts,
    )


def _part(name: str, entry: Mapping[str, Any]) -> Part:
    return Part(
        name=name,
        model_class=entry["class"],
        config_class=entry.get("config_class"),
        module=entry.get("module", "diffusers"),
        tiny=entry["tiny"],
        default=entry["default"],
        checkpoints=entry.get("checkpoints", {}),
    )


def _inputs(row: Mapping[str, Any], size: int) -> tuple[Input, ...]:
    """The inputs at the tiny (0) or the default (1) size, which choose one of a pair in a shape."""
    entries = [
        {
            "fill": "normal",
            **entry,
            "shape": [
                dimension[size] if isinstance(dimension, list) else dimension for dimension in entry.get("shape", ())
            ],
        }
        for entry in row["inputs"]
    ]
    return plan_from_json({"inputs": entries}).inputs
