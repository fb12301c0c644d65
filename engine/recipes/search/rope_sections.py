"""Sections of a multi-dimensional rotary embedding, which have to sum to half a head's width.

Where the library derives them in its modelling code, only the exception of a shrunk model tells how much that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.recipes.search.tree import nodes

_SECTIONS = re.compile(r"split_sizes to sum exactly to (\d+) .*?split_sizes=\[([\d, ]+)\]")


def asked_sections(reasons: Iterable[str]) -> list[int] | None:
    """Sections of the sum that one of these failures asks for; None where none asks, or for less than one each."""
    found = next(filter(None, map(_SECTIONS.search, reasons)), None)
    if found is None:
        return None
    total, old = int(found[1]), [int(number) for number in found[2].split(",")]
    return _scaled(old, total) if total > len(old) and sum(old) != total else None


def _scaled(sections: list[int], total: int) -> list[int]:
    """Sections in the same proportions with another sum."""
    scaled = [max(1, section * total // sum(sections)) for section in sections]
    scaled[0] += total - sum(scaled)
    return scaled


def set_sections(config_class: Any, arguments: dict[str, Any], sections: list[int]) -> None:
    """Write the sections into the rotary settings of every text model that `arguments` describe."""
    config = config_class(**arguments)
    for path, node in nodes(config):
        rope = getattr(node, "rope_parameters", None)
        if isinstance(rope, dict) and ("text" in path or path == "config" or "text" in node.model_type):
            target = arguments
            for part in path.split(".")[1:]:
                target = target.setdefault(part, {})
            target["rope_parameters"] = {**rope, "mrope_section": sections}
