"""Numbers of a plan told as expressions of the configuration, so that one plan serves every size of a type.

A number counts as explained when one expression gives it in the tiny and in the default configuration alike. Only
fields whose names go with the input are tried: two powers of two agree by chance too easily.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from engine.recipes.freezing.explaining_fields import (
    CHANNELS,
    CODES,
    COUNTS,
    MERGES,
    PATCHES,
    PIXELS,
    SIDES,
    SOUND,
    SURE,
    TOKEN,
    TOWER,
    WIDTHS,
)
from engine.recipes.freezing.series_symbols import is_series, series_dimension
from engine.recipes.search.candidates import AUDIO_NAMES, IMAGE_NAMES, VIDEO_NAMES
from engine.recipes.search.inputs import Dimension, Input, Placeholder, Plan, evaluated
from engine.recipes.search.tree import is_count, is_list_of_ints, nodes, value_of


def symbolised(tiny: Plan, default: Plan, tiny_config: Any, default_config: Any) -> tuple[Plan, Plan]:
    """Both plans with every number that the configuration explains as its expression; the rest as they were.

    The plans have to name the same inputs in the same order.
    """
    pair = _Pair(tiny_config, default_config)
    both = [_input(first, second, pair) for first, second in zip(tiny.inputs, default.inputs, strict=True)]
    return (
        replace(tiny, inputs=tuple(first for first, _ in both)),
        replace(default, inputs=tuple(second for _, second in both)),
    )


def with_likely_counts(default: Plan, tiny: Plan, tiny_config: Any, default_config: Any) -> Plan:
    """`default` with as many placeholders as the expression gives that explains the tiny plan's."""
    if any("grid" in item.name for item in tiny.inputs):
        return default  # as many patches as the grid says, whatever the configuration does
    pair = _Pair(tiny_config, tiny_config)
    inputs = []
    for item in default.inputs:
        small = tiny.named(item.name)
        marks = []
        for mark, known in zip(item.placeholders, small.placeholders if small else (), strict=False):
            told, _ = _mark(known, known, pair)
            marks.append(replace(mark, count=_likely_count(told.count, known.count, default_config)))
        inputs.append(replace(item, placeholders=tuple(marks) or item.placeholders))
    return replace(default, inputs=tuple(inputs))


def _likely_count(told: int | str, known: int | str, config: Any) -> int | str:
    """The number behind `told` in another configuration; `known` where that has no such field."""
    if isinstance(told, int):
        return known
    try:
        return evaluated(told, config)
    except (AttributeError, TypeError):
        return known


class _Pair:
    """Fields of the tiny and the default configuration, side by side."""

    def __init__(self, tiny: Any, default: Any) -> None:
        others = dict(nodes(default))
        self.nodes = [(path, node, others[path]) for path, node in nodes(tiny) if path in others]

    def fields(self, names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
        """Expression and both values of each of `names`, in the order of names, wherever a node has it; the towers
        that see and hear before others."""
        ordered = sorted(self.nodes, key=lambda found: not TOWER.search(found[0].rpartition(".")[2]))
        for name in names:
            for path, small, large in ordered:
                first, second = value_of(small, name), value_of(large, name)
                if is_count(first) and is_count(second):
                    yield f"{path}.{name}", first, second
                elif is_list_of_ints(first) and is_list_of_ints(second):
                    yield f"{path}.{name}[0]", first[0], second[0]

    def expression(self, small: int, large: int, names: Sequence[str]) -> str | None:
        """A field that holds `small` in one and `large` in the other, or twice that field."""
        for text, first, second in self.fields(names):
            if (first, second) == (small, large) and (small != large or _is_sure(text, small)):
                return text
        for text, first, second in self.fields(tuple(name for name in names if name == "max_source_positions")):
            if (2 * first, 2 * second) == (small, large):
                return f"2 * {text}"
        return None

    def token(self, small: int, large: int) -> str | None:
        for path, first, second in self.nodes:
            for name in vars(first):
                if name.startswith("_"):
                    continue
                values = value_of(first, name), value_of(second, name)
                if TOKEN.search(name) and values == (small, large):
                    return f"{path}.{name}"
        return None

    def patch_width(self, small: int, large: int) -> str | None:
        """Numbers of one flattened patch: channels, times frames, times the square of its side."""
        for patch, first, second in self.fields(PATCHES):
            for channels, few, many in self.fields(CHANNELS):
                if (few * first**2, many * second**2) == (small, large):
                    return f"{channels} * {patch} ** 2"
                for frames, short, long in self.fields(("temporal_patch_size", "tubelet_size")):
                    if (few * short * first**2, many * long * second**2) == (small, large):
                        return f"{channels} * {frames} * {patch} ** 2"
            if (3 * first**2, 3 * second**2) == (small, large):
                return f"3 * {patch} ** 2"
        return None

    def patches(self, small: int, large: int) -> str | None:
        """Patches of a square image, merged or not, with a class token or without."""
        for side, first, second in self.fields(SIDES):
            for patch, few, many in self.fields(PATCHES):
                if not few or not many or patch.rpartition(".")[0] != side.rpartition(".")[0]:
                    continue
                ways = [(f"({side} // {patch}) ** 2", (first // few) ** 2, (second // many) ** 2)]
                for merge, little, much in self.fields(MERGES):
                    if little > 1 and much > 1:
                        ways.append(
                            (
                                f"({side} // {patch} // {merge}) ** 2",
                                (first // few // little) ** 2,
                                (second // many // much) ** 2,
                            )
                        )
                for text, one, two in ways:
                    if (one, two) == (small, large):
                        return text
                    if (one + 1, two + 1) == (small, large):
                        return f"{text} + 1"
        return None


_DRAWN = frozenset({"normal", "uniform", "tokens", "ones", "zeros", "constant", "arange", "boxes", "patches"})
"""Fills whose shape says how many numbers are made."""


def _input(small: Input, large: Input, pair: _Pair) -> tuple[Input, Input]:
    names, is_pixels = _names_for(small)
    if small.fill not in _DRAWN and small.fill not in ("rows", "example"):
        return small, large
    shapes = [
        (first, second)
        if small.fill not in _DRAWN
        else _step(small.name, first, second, place, pair)
        if is_series(small.name)
        else _dimension(first, second, place, pair, names, is_pixels)
        for place, (first, second) in enumerate(zip(small.shape, large.shape, strict=False))
    ]
    if len(small.shape) != len(large.shape):
        return small, large
    marks = [_mark(first, second, pair) for first, second in zip(small.placeholders, large.placeholders, strict=False)]
    high = _high(small, large, pair)
    values = (
        _value(small.value, large.value, pair, names)
        if small.fill in ("rows", "example")
        else (small.value, large.value)
    )
    return (
        replace(
            small,
            shape=tuple(one for one, _ in shapes),
            placeholders=tuple(one for one, _ in marks),
            high=high[0],
            value=values[0],
        ),
        replace(
            large,
            shape=tuple(two for _, two in shapes),
            placeholders=tuple(two for _, two in marks),
            high=high[1],
            value=values[1],
        ),
    )


def _is_sure(text: str, number: int) -> bool:
    return number > 1 and text.rpartition(".")[2].removesuffix("[0]") in SURE


def _high(small: Input, large: Input, pair: _Pair) -> tuple[int | str, int | str]:
    """One past the largest word: a special token's id, or the vocabulary less the special tokens at its end."""
    if small.high == large.high:
        return small.high, large.high
    if isinstance(small.high, int) and isinstance(large.high, int):
        found = pair.token(small.high, large.high)
        return (found, found) if found else (small.high, large.high)
    for known, other, position in ((large.high, small.high, 1), (small.high, large.high, 2)):
        if isinstance(known, str) and known.endswith(".vocab_size") and isinstance(other, int):
            path = known.rpartition(".")[0]
            size = next((value_of(found[position], "vocab_size") for found in pair.nodes if found[0] == path), None)
            if isinstance(size, int) and 0 < size - other <= _MOST_SPECIAL:
                return f"{known} - {size - other}", f"{known} - {size - other}"
    return small.high, large.high


_MOST_SPECIAL = 64
"""Special tokens that may stand at the end of a vocabulary; so few words less change nothing."""


def _names_for(item: Input) -> tuple[Sequence[str], bool]:
    """Fields that may explain this input's dimensions, and whether it holds pixels."""
    if item.name in (*IMAGE_NAMES, *VIDEO_NAMES) or "pixel" in item.name or "image" in item.name:
        return PIXELS, True
    if item.name in AUDIO_NAMES or "feature" in item.name or "mel" in item.name:
        return SOUND, False
    if item.fill == "tokens":
        return CODES, False
    return (*WIDTHS, *SOUND, *COUNTS), item.name in ("hidden_states", "patches")


def _dimension(
    small: Dimension, large: Dimension, place: int, pair: _Pair, names: Sequence[str], is_pixels: bool
) -> tuple[Dimension, Dimension]:
    rows = re.fullmatch(r"B ?\* ?(\d+)", str(small)), re.fullmatch(r"B ?\* ?(\d+)", str(large))
    if rows[0] and rows[1]:
        found = _explained(int(rows[0][1]), int(rows[1][1]), pair, names, is_pixels)
        text = f"B*({found})" if found and not found.isidentifier() else f"B*{found}"
        return (text, text) if found else (small, large)
    if not (isinstance(small, int) and isinstance(large, int)):
        return small, large
    found = _explained(small, large, pair, names, is_pixels and place > 0)
    return (found, found) if found else (small, large)


def _step(name: str, small: Dimension, large: Dimension, place: int, pair: _Pair) -> tuple[Dimension, Dimension]:
    if not (isinstance(small, int) and isinstance(large, int)):
        return small, large
    found = series_dimension(name, place, small, large, pair.nodes)
    return (found, found) if found else (small, large)


def _explained(small: int, large: int, pair: _Pair, names: Sequence[str], is_pixels: bool) -> str | None:
    return (
        pair.expression(small, large, names)
        or (pair.patch_width(small, large) if is_pixels else None)
        or (pair.patches(small, large) if is_pixels else None)
    )


def _mark(small: Placeholder, large: Placeholder, pair: _Pair) -> tuple[Placeholder, Placeholder]:
    if not isinstance(small.count, int) or not isinstance(large.count, int):
        return small, large
    found = pair.expression(small.count, large.count, COUNTS) if small.count > 1 else None
    found = found or pair.patches(small.count, large.count)
    return (replace(small, count=found), replace(large, count=found)) if found else (small, large)


def _value(small: Any, large: Any, pair: _Pair, names: Sequence[str]) -> tuple[Any, Any]:
    """Numbers inside the rows of one example."""
    if isinstance(small, (list, tuple)) and isinstance(large, (list, tuple)) and len(small) == len(large):
        both = [_value(first, second, pair, names) for first, second in zip(small, large, strict=True)]
        return [first for first, _ in both], [second for _, second in both]
    if is_count(small) and is_count(large) and small != large:
        found = pair.expression(small, large, names)
        return (found, found) if found else (small, large)
    return small, large
