"""Layers of a backbone whose states are read, named by index: as many layers stay as are read."""

from __future__ import annotations

from typing import Any

from engine.recipes.search import field_kinds
from engine.recipes.search.tree import is_count, is_list_of_ints


def bring_taps_into_range(backbone: Any, arguments: dict[str, Any]) -> None:
    """Let the `arguments` that cut `backbone` short end in the layers that are read, one after the other.

    Only where an index is beyond the layers that are left; index 0 is what the first layer reads.
    """
    indices: Any = arguments.get("out_indices")
    name = next((name for name in field_kinds.TOTALS if is_count(getattr(backbone, name, None))), None)
    left: Any = arguments.get(name) if name is not None else None
    if name is None or not is_count(left) or not is_list_of_ints(indices) or max(indices) <= left:
        return
    layers = max(left, len(indices))
    arguments[name] = layers
    arguments["out_indices"] = list(range(layers - len(indices) + 1, layers + 1))
