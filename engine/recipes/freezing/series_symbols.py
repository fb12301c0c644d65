"""Dimensions of a time series told by the configuration: what is read, what is foretold, and how wide a step is.

These fields mean nothing else, so that one explains its number even where both sizes have the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.recipes.search.tree import is_count, is_list_of_ints, value_of

Nodes = Sequence[tuple[str, Any, Any]]
"""Expression of a configuration, with it at the tiny and at the default size."""

_FUTURE = ("prediction_length", "horizon_length")
_CHANNELS = ("num_input_channels", "input_size")


def is_series(name: str) -> bool:
    """Whether an input of this name holds steps of a series."""
    return name.startswith(("past_", "future_"))


def series_dimension(name: str, place: int, small: int, large: int, nodes: Nodes) -> str | None:
    """Expression of the dimension at `place` of the input `name`, `small` at one size and `large` at the other."""
    if place == 1:
        found = _fields(_FUTURE, nodes) if name.startswith("future_") else _past(nodes)
    elif place == 2:
        found = _fields(("num_time_features",) if "time_features" in name else _CHANNELS, nodes)
    else:
        return None
    return next((text for text, first, second in found if (first, second) == (small, large)), None)


def _fields(names: Sequence[str], nodes: Nodes) -> Iterator[tuple[str, int, int]]:
    for name in names:
        for path, small, large in nodes:
            first, second = value_of(small, name), value_of(large, name)
            if is_count(first) and is_count(second):
                yield f"{path}.{name}", first, second


def _past(nodes: Nodes) -> Iterator[tuple[str, int, int]]:
    """The context, alone and with the steps before it that the longest lag reaches back to."""
    for text, first, second in _fields(("context_length",), nodes):
        yield text, first, second
        path = text.rpartition(".")[0]
        lags = next([value_of(node, "lags_sequence") for node in pair] for name, *pair in nodes if name == path)
        if all(is_list_of_ints(item) and max(item) == item[-1] for item in lags):
            yield f"{text} + {path}.lags_sequence[-1]", first + lags[0][-1], second + lags[1][-1]
