"""A model class with its configuration: what the search reads from both."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from engine.recipes.search.tree import nodes, value_of


class Subject:
    """A model class with its configuration, and what can be read from both."""

    def __init__(self, model_class: Any, config: Any) -> None:
        self.model_class = model_class
        self.config = config
        self.parameters = {
            name: parameter
            for name, parameter in inspect.signature(model_class.forward).parameters.items()
            if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        }
        self.required = [name for name, item in self.parameters.items() if item.default is inspect.Parameter.empty]
        self.nodes = list(nodes(config))

    def takes(self, name: str) -> bool:
        return name in self.parameters

    @property
    def modalities(self) -> set[str]:
        value = getattr(self.model_class, "input_modalities", ("text",))
        return {value} if isinstance(value, str) else set(value or ())

    @property
    def main_inputs(self) -> list[str]:
        value = getattr(self.model_class, "main_input_name", "input_ids")
        return [value] if isinstance(value, str) else list(value)

    def first(self, names: Sequence[str], prefer: re.Pattern[str] | None = None) -> tuple[str, Any] | None:
        """Expression and value of the first of `names` that any node has; preferred nodes first."""
        for path, node in self.ordered(prefer):
            for name in names:
                value = value_of(node, name)
                if value is not None:
                    return f"{path}.{name}", value
        return None

    def number(self, names: Sequence[str], prefer: re.Pattern[str] | None = None, default: int = 0) -> int:
        found = self.first(names, prefer)
        if found is None:
            return default
        value = found[1]
        while isinstance(value, (list, tuple)) and value:
            value = value[0]
        return int(value) if isinstance(value, (int, float)) else default

    def ordered(self, prefer: re.Pattern[str] | None) -> list[tuple[str, Any]]:
        if prefer is None:
            return self.nodes
        return sorted(
            self.nodes, key=lambda pair: not prefer.search(pair[0].rpartition(".")[2]) if "." in pair[0] else 0.5
        )


def text_node(subject: Subject) -> tuple[str, Any]:
    """The configuration with the vocabulary that input_ids index."""
    try:
        text = subject.config.get_text_config()
    except (ValueError, AttributeError):
        text = subject.config
    for path, node in subject.nodes:
        if node is text and getattr(node, "vocab_size", None):
            return path, node
    for path, node in subject.nodes:
        if isinstance(getattr(node, "vocab_size", None), int):
            return path, node
    return "config", subject.config
