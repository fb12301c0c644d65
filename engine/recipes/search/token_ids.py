"""The ids of special tokens that a configuration names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.recipes.search.tree import field_names, nodes, sub_names, value_of

_TOKEN = re.compile(r"(_token_id|_token_index|_token_ids|_patch_id|_start_id|_end_id|_index)$|^(boa|eoa|boi|eoi)_\w+$")
_COMMON = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")


def token_ids(config: Any) -> list[int]:
    """Every special token's id in the tree, in order."""
    found: set[int] = set()
    for _, node in nodes(config):
        for name in _token_fields(node):
            found.update(item for item in _ids(value_of(node, name)) if item >= 0)
    return sorted(found)


def _token_fields(node: Any) -> list[str]:
    return [name for name in dict.fromkeys([*field_names(node), *_COMMON]) if _TOKEN.search(name)]


def with_small_token_ids(default: Any, arguments: dict[str, Any], vocabulary: int) -> dict[str, Any]:
    """Give special tokens that fell out of a cut vocabulary new ids below it: one map for the whole tree."""
    old = set(token_ids(default))
    outside = sorted(item for item in old if item >= vocabulary)
    if not outside:
        return arguments
    renamed: dict[int, int] = {}
    free = [number for number in range(vocabulary - 1, 0, -1) if number not in old]
    for position, number in enumerate(reversed(outside)):
        renamed[number] = free[position]
    _rename(default, arguments, renamed)
    return arguments


def _ids(value: Any) -> list[int]:
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int):
        return [value]
    if isinstance(value, (list, tuple)):
        return [item for item in value if isinstance(item, int) and not isinstance(item, bool)]
    return []


def _rename(node: Any, arguments: dict[str, Any], renamed: Mapping[int, int]) -> None:
    for name in _token_fields(node):
        value: Any = getattr(node, name, None)
        if not any(item in renamed for item in _ids(value)):
            continue
        if isinstance(value, int):
            arguments[name] = renamed.get(value, value)
        else:
            arguments[name] = [renamed.get(item, item) for item in value]
    for name in sub_names(node):
        inner = arguments.setdefault(name, {})
        _rename(getattr(node, name), inner, renamed)
