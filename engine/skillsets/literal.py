"""Writes Python values as source text; the only way a string from outside enters generated code."""

from __future__ import annotations

from collections.abc import Mapping


def python_literal(value: object) -> str:
    """The source text of a string, number, None, list, tuple or mapping, with double quotes where it can have them."""
    match value:
        case str():
            text = repr(value)
            return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in value else text
        case None | bool() | int() | float():
            return repr(value)
        case Mapping():
            pairs = (f"{python_literal(key)}: {python_literal(inner)}" for key, inner in value.items())
            return "{" + ", ".join(pairs) + "}"
        case tuple() if len(value) == 1:
            return f"({python_literal(value[0])},)"
        case tuple():
            return "(" + ", ".join(map(python_literal, value)) + ")"
        case list():
            return "[" + ", ".join(map(python_literal, value)) + "]"
    raise TypeError(f"A {type(value).__name__} has no literal in generated code.")
