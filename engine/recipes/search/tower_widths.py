"""Towers that end in the width of the text they feed.

Several default configurations join the vision tower of one checkpoint with the text model of another.
"""

from __future__ import annotations

from typing import Any

from engine.recipes.search.tree import has_fixed_class, is_count, sub_names

_ENDS = ("out_hidden_size", "output_dim")
"""Fields of a tower with the width that it ends in."""


def fitting_widths(config: Any) -> dict[str, Any]:
    """Arguments that bring every tower's end, and a width told a second time, to the text's; empty where all fit."""
    found: dict[str, Any] = {}
    names = sub_names(config)
    text = config.get_text_config() if names else config
    width = getattr(text, "hidden_size", None)
    if text is not config and is_count(width) and any(getattr(config, name) is text for name in names):
        told = getattr(config, "hidden_size", width)
        if is_count(told) and told != width and "hidden_size" in type(config).__dataclass_fields__:
            found["hidden_size"] = width
        for name in names:
            part = getattr(config, name)
            end = _end_of(part)
            if part is not text and end is not None and getattr(part, end) != width:
                found[name] = {end: width}
    for name in names:
        part = getattr(config, name)
        if part is not text and (inner := fitting_widths(part)):
            found[name] = {**inner, **found.get(name, {})}
        if name in found and not has_fixed_class(config, name):
            found[name] = {"model_type": part.model_type, **found[name]}
    return found


def _end_of(part: Any) -> str | None:
    """The field with a tower's last width; one that has an inner width besides is as wide as its text at its end."""
    for name in _ENDS:
        if is_count(getattr(part, name, None)):
            return name
    both = is_count(getattr(part, "embed_dim", None)) and is_count(getattr(part, "hidden_size", None))
    return "hidden_size" if both and part.embed_dim != part.hidden_size else None
