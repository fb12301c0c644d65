"""Questions that tests ask of a component tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def parts(tree: Any) -> Iterator[Component]:
    """Every component of `tree`, itself included, in reading order."""
    if isinstance(tree, list | tuple):
        for child in tree:
            yield from parts(child)
    elif isinstance(tree, Component):
        yield tree
        yield from parts(getattr(tree, "children", None))


def text_of(tree: Any) -> str:
    """The text as a reader meets it."""
    if isinstance(tree, list | tuple):
        return "".join(text_of(child) for child in tree)
    if isinstance(tree, Component):
        return text_of(getattr(tree, "children", None))
    return "" if tree is None else str(tree)


def of_kind(tree: Any, kind: str) -> list[Component]:
    """Components of a type such as "Tr" or "Button"."""
    return [part for part in parts(tree) if type(part).__name__ == kind]


def of_class(tree: Any, name: str) -> list[Component]:
    return [part for part in parts(tree) if name in (getattr(part, "className", None) or "").split()]


def with_id(tree: Any, wanted: Any) -> Component:
    return next(part for part in parts(tree) if getattr(part, "id", None) == wanted)
