"""Ticks, ranges and text widths that every figure lays out with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.formatting import Scale

LOG_RANGE = 30.0
"""Amounts that differ by more than this factor are drawn on a logarithmic axis."""
_LOG_STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))
_FEWEST_TICKS = 3
_MOST_TICKS = 7
_EM = 0.56
"""Mean width of a character over its font size, in the faces of our stack."""


def linear_ticks(highest: float, scale: Scale, *, count: int = 5) -> tuple[list[float], list[str]]:
    """Round values from 0 to just below `highest` (SI) and their labels in `scale`; the last one names the unit."""
    top = scale.of(highest)
    if top <= 0:
        return [0.0], [f"0{scale.gap}{scale.unit}"]
    step = nice_step(top / count)
    steps = [step * index for index in range(math.floor(top / step + 1e-9) + 1)]
    labels = [_tick(value, step) for value in steps]
    labels[-1] += f"{scale.gap}{scale.unit}"
    return [value * scale.factor for value in steps], labels


def nice_step(rough: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is at least `rough`."""
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough * (1 - 1e-9))


def log_ticks(low: float, high: float, scale: Scale) -> tuple[list[float], list[str]]:
    """Round values between `low` and `high` (SI): powers of ten alone where they suffice, else ever finer."""
    first, last = scale.of(low), scale.of(high)
    decades = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    inside: list[float] = []
    for factors in _LOG_STEPS:
        found = [factor * 10.0**decade for decade in decades for factor in factors]
        inside = [value for value in found if first <= value <= last]
        if len(inside) >= _FEWEST_TICKS:
            break
    inside = inside[:: math.ceil(len(inside) / _MOST_TICKS) or 1]
    return [value * scale.factor for value in inside], [_log_tick(value) for value in inside]


def log_range(values: Sequence[float], *, headroom: float = 1.25) -> tuple[float, float]:
    """Bounds (SI) around positive `values` with room for markers."""
    return min(values) / headroom, max(values) * headroom


def text_width(text: str, size: float = 12.0) -> float:
    """Pixels that `text` takes at font `size`, tags not counted; an estimate to lay out with."""
    return len(plain(text)) * size * _EM


def plain(text: str) -> str:
    """`text` without its bold tags."""
    return text.replace("<b>", "").replace("</b>", "")


def _tick(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{decimals}f}"


def _log_tick(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:g}" if value >= 0.001 else f"{value:.2g}"
