"""How long a text a type reads, and whether it takes images of other sizes: asked of the tiny model itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.recipes.freezing.time_limit import time_limit
from engine.recipes.search.inputs import Input, Plan
from engine.recipes.search.search import forward
from engine.recipes.search.subject import Subject, text_node
from engine.recipes.search.tree import is_count, value_of

_LIMITS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_target_positions",
    "max_sequence_length",
    "max_length",
)
SECONDS = 5.0
"""For one question to the model."""
_LONGEST_TRIED = 4_096
"""Tokens; beyond, positions are computed and not looked up, and one pass would take long."""


def sequence_limit(model: Any, subject: Subject, plan: Plan) -> str | None:
    """Expression of the longest text that the type reads; None where nothing limits it."""
    path, node = text_node(subject)
    for name in _LIMITS:
        limit = value_of(node, name)
        if not is_count(limit) or limit < plan.length:
            continue
        if limit > _LONGEST_TRIED:
            return f"{path}.{name}"
        for less in (0, 2, 1):
            runs = _runs(model, subject, replace(plan, length=limit - less))
            if runs is None:  # too slow to ask: what the configuration says has to do
                return f"{path}.{name}"
            if runs:
                return f"{path}.{name}" + (f" - {less}" if less else "")
    return None


def resizing(model: Any, subject: Subject, plan: Plan, side: int) -> str | None:
    """How images of another size than the native one go in: `plain`, `interpolate` (with interpolate_pos_encoding), or
    not at all."""
    for item in plan.inputs:
        if not _is_square_image(item, side):
            continue
        larger = replace(item, shape=(*item.shape[:-2], 2 * side, 2 * side))
        changed = replace(plan, inputs=tuple(larger if other is item else other for other in plan.inputs))
        if _runs(model, subject, changed):
            return "plain"
        if subject.takes("interpolate_pos_encoding"):
            told = Input(name="interpolate_pos_encoding", fill="literal", value=True)
            if _runs(model, subject, replace(changed, inputs=(*changed.inputs, told))):
                return "interpolate"
    return None


def _is_square_image(item: Input, side: int) -> bool:
    return item.name == "pixel_values" and len(item.shape) == 4 and item.shape[-2:] == (side, side)


def _runs(model: Any, subject: Subject, plan: Plan) -> bool | None:
    """None where it is too slow to tell."""
    try:
        with time_limit(SECONDS):
            return bool(forward(model, subject.config, plan))
    except TimeoutError:
        return None
    except Exception:  # a size that does not go in is an answer
        return False
