"""What is left of a model in a graph that keeps values which the model reads.

What only leads to such a value is not in the graph, and neither is what follows from them alone. The answers are the
same, so that comparing them shows nothing of it.
"""

from __future__ import annotations

from typing import Any

from engine.errors import SkillsetFailure
from engine.formatting import format_bytes, format_percent

_LEAST_SHARE = 0.9
"""Of the model's weights: with less in the graph its notes say so. Models hold weights that no pass uses."""


def what_is_left(graph_bytes: int, model: Any, *, has_inputs: bool) -> list[str]:
    """A note where weights of `model` are not in the graph, whose constants take `graph_bytes`.

    Raises SkillsetFailure for a graph that reads no input: it would answer from memory.
    """
    if not has_inputs:
        raise SkillsetFailure(
            "Nothing of the graph reads an input: the model takes all that it computes with out of tensors into "
            "Python, and the graph would only repeat one answer."
        )
    whole = sum(weight.nbytes for weight in model.parameters())
    if graph_bytes >= _LEAST_SHARE * whole:
        return []
    return [
        f"The graph holds {format_bytes(graph_bytes)}, {format_percent(graph_bytes / whole)} of the model's weights: "
        "what the rest computes is in the values that were kept, or in no pass."
    ]
