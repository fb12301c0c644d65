"""Layers of a tower that others read by their index: a tower cut short still has to reach them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.recipes.search.field_kinds import TOTALS
from engine.recipes.search.tree import is_count, is_list_of_ints, nodes, value_of

_READS = ("vision_feature_layer", "vision_feature_layers")
_READS_INTO = "deepstack_layer_map"
"""Pairs of a tower's layer and the layer of the text that its states enter."""
_TOWER = "vision_config"


def with_tapped_layers(default: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`arguments` with all layers of the default's image tower where more of them are read than the cut leaves.

    An index counts the states of the tower: 0 is what its first layer reads, -1 what its last layer writes.
    """
    tower = getattr(default, _TOWER, None)
    cut: Any = arguments.get(_TOWER)
    name = next((name for name in TOTALS if is_count(value_of(tower, name))), None)
    if name is None or not isinstance(cut, Mapping):
        return dict(arguments)
    left: Any = cut.get(name)
    if not is_count(left) or _layers_read(default) <= left:
        return dict(arguments)
    return {**arguments, _TOWER: {**cut, name: value_of(tower, name)}}


def _layers_read(default: Any) -> int:
    """Layers that a tower needs for every index to be one of its states."""
    indices: list[int] = []
    for _, node in nodes(default):
        for name in _READS:
            value: Any = value_of(node, name)
            indices += [value] if is_count(value) else value if is_list_of_ints(value) else []
        indices += [pair[0] for pair in value_of(node, _READS_INTO) or ()]
    return max((index if index >= 0 else -index - 1 for index in indices), default=0)
