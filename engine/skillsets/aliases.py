"""Short names for the parts of a configuration that a skillset's inputs are made from, as a person would give them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.recipes.recipe import Recipe
from engine.recipes.search.inputs import Input, Placeholder

_PART = re.compile(r"\bconfig\.([A-Za-z]\w*)\.(?=[A-Za-z_])")
_TAKEN = frozenset({"length", "side", "generator", "inputs", "patch", "shortest", "longest", "config", "self", "torch"})


def with_aliases(recipe: Recipe) -> tuple[Recipe, Mapping[str, str]]:
    """The recipe in short names, and what each stands for; parts that are named once keep their full name."""
    texts = [*_texts(recipe.inputs), *_texts(recipe.default_inputs)]
    texts += [str(text) for text in (recipe.limit, recipe.image) if text is not None]
    counts = Counter(part for text in dict.fromkeys(texts) for part in _PART.findall(text))
    variables = {item.name for item in recipe.inputs} | _TAKEN
    aliases = {
        part: alias
        for part, count in counts.items()
        if count > 1 and (alias := part.removesuffix("_config")) not in variables and alias.isidentifier()
    }
    if not aliases:
        return recipe, {}

    def short(value: Any) -> Any:
        if isinstance(value, str):
            return _PART.sub(lambda found: f"{aliases[found[1]]}." if found[1] in aliases else found[0], value)
        if isinstance(value, (list, tuple)):
            return type(value)(short(inner) for inner in value)
        return value

    def renamed(item: Input) -> Input:
        marks = tuple(
            Placeholder(
                token=short(mark.token), count=short(mark.count), before=short(mark.before), after=short(mark.after)
            )
            for mark in item.placeholders
        )
        value = item.value if item.fill == "literal" else short(item.value)
        return replace(
            item, shape=short(item.shape), high=short(item.high), last=short(item.last), value=value, placeholders=marks
        )

    changed = replace(
        recipe,
        inputs=tuple(map(renamed, recipe.inputs)),
        default_inputs=tuple(map(renamed, recipe.default_inputs)),
        limit=short(recipe.limit),
        image=short(recipe.image),
    )
    return changed, {alias: f"config.{part}" for part, alias in aliases.items()}


def _texts(inputs: tuple[Input, ...]) -> list[str]:
    """Every expression in these inputs, by the input it stands in."""
    found: list[str] = []
    for item in inputs:
        values = [*item.shape, item.high, item.last or ""]
        values += [item.value] if isinstance(item.value, str) and item.fill != "literal" else []
        for mark in item.placeholders:
            values += [mark.token, mark.count, *mark.before, *mark.after]
        found += [f"{item.name} {place} {value}" for place, value in enumerate(values) if isinstance(value, str)]
    return found
