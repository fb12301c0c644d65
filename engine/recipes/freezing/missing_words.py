"""Special tokens that the default's vocabulary has no room for.

Several defaults name the placeholder of one checkpoint and the vocabulary of another. A smaller size hides it: there
the tokens get new numbers. Some models never look such a token up, so only a trial tells whether it is missed.
"""

from __future__ import annotations

from typing import Any

from engine.recipes.search.inputs import Plan, evaluated
from engine.recipes.search.parts import carried
from engine.recipes.search.subject import Subject, text_node


def missing_words(model_class: Any, config: Any, tiny: Plan, part: str | None) -> dict[str, Any]:
    """Arguments that give every token which `tiny` places a word in the text's vocabulary; empty where all have one.

    `config` is the default that the class is built from, and `part` its name in the whole, whose arguments are told.
    """
    path, text = text_node(Subject(model_class, config))
    needed = 1 + max(_placed(tiny, config), default=-1)
    size = getattr(text, "vocab_size", None)
    if size is None or needed <= size:
        return {}
    steps = ([part] if part else []) + path.split(".")[1:]
    found: dict[str, Any] = {"vocab_size": needed}
    if steps:
        found = {"model_type": text.model_type, **carried(text), **found}
    for step in reversed(steps):
        found = {step: found}
    return found


def _placed(tiny: Plan, config: Any) -> list[int]:
    """Ids of the tokens that stand for something else, and of those around them."""
    marks = [mark for item in tiny.inputs for mark in item.placeholders]
    return [evaluated(text, config) for mark in marks for text in (mark.token, *mark.before, *mark.after)]
