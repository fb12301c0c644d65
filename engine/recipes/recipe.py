"""What is known about building and running one model type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.recipes.search.inputs import Input, plan_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How generate() of a type is called."""

    without: tuple[str, ...]
    """Inputs of a forward pass that generate() makes itself."""
    arguments: Mapping[str, Any]
    """What the default configuration leaves open, in the words of engine/recipes/freezing/generation.py."""
    kind: str
    """tokens or audio."""
    answer: str | None = None
    """Field of the answer that holds it; None where that is `sequences`, or the answer itself."""
    at_most: bool = False
    """Whether fewer tokens may come than asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a type is built small and in its default size, and what each reads."""

    model_class: str
    part: str | None
    """Sub-configuration that the class is built from, where it is not the type's own."""
    imports: Mapping[str, str]
    """Class -> module to import it from."""
    rung: str
    """How far the tiny configuration is cut down; see engine/recipes/search/shrink.py."""
    default: Mapping[str, Any]
    """Arguments that make the library's default configuration valid; mostly empty."""
    tiny: Mapping[str, Any]
    inputs: tuple[Input, ...]
    default_inputs: tuple[Input, ...]
    """The same inputs in the same order; they differ where no field of the configuration explains a number."""
    lengths: Mapping[str, int]
    """Size -> tokens or samples (see `unit`) of an input nobody asked otherwise for."""
    unit: str | None
    """What the sequence length counts, tokens or samples; None where the type has none or fixes it itself."""
    limit: str | None
    """Expression of the longest sequence; None where nothing limits it."""
    image: str | int | None
    """Side of the square images in pixels, a number or an expression; None without such images."""
    resizing: str | None
    """plain or interpolate, where images of other sizes go in."""
    patch_is_list: bool
    """Whether the configuration tells the patches' sides one by one."""
    generation: Generation | None
    routing: str | None
    """Expression of how many experts serve a token, where the model tells its routing."""
    outputs: tuple[str, ...]
    """Names of what a forward pass of the tiny model returns; dots and numbers tell places inside others."""
    missing: tuple[str, ...]
    """Modalities that the model declares and these inputs leave out."""


def recipe_of(row: Mapping[str, Any]) -> Recipe:
    """The recipe in a row of data/recipes.jsonl; raises KeyError for a row of a type that does not run."""
    inputs = plan_from_json(row).inputs
    large = plan_from_json({"inputs": row["default_inputs"]}).inputs if "default_inputs" in row else inputs
    generation = row["generation"]
    lengths = row["lengths"]
    return Recipe(
        model_class=row["class"],
        part=row.get("part"),
        imports=row["imports"],
        rung=row["rung"],
        default=row["default"],
        tiny=row["tiny"],
        inputs=inputs,
        default_inputs=large,
        lengths={"tiny": lengths["tiny"], "default": lengths["default"] or lengths["tiny"]},
        unit=row["unit"],
        limit=row["limit"],
        image=row["image"],
        resizing=row["resizing"],
        patch_is_list=row.get("patch_is_list", False),
        generation=None
        if "kind" not in generation
        else Generation(
            without=tuple(generation["without"]),
            arguments=generation["arguments"],
            kind=generation["kind"],
            answer=generation.get("answer"),
            at_most=generation.get("at_most", False),
        ),
        routing=row["routing"],
        outputs=tuple(row["outputs"]),
        missing=tuple(row["missing"]),
    )
