"""A history in 84 x 24 pixels, as an SVG that needs no script."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.summary import Verdict
from engine.figures.tokens import Theme, color

WIDTH, HEIGHT = 84, 24
_EDGE = 4.0


def sparkline(
    values: Sequence[float],
    *,
    theme: Theme,
    band: tuple[float, float] | None = None,
    verdict: Verdict | None = None,
) -> str:
    """`values` oldest first, two at least; `band` is their usual range; the last point wears the verdict's colour."""
    every = [*values, *(band or ())]
    low, high = min(every), max(every)
    span = high - low

    def down(value: float) -> float:
        return HEIGHT / 2 if span == 0 else _EDGE + (high - value) / span * (HEIGHT - 2 * _EDGE)

    def across(index: int) -> float:
        return _EDGE + index / (len(values) - 1) * (WIDTH - 2 * _EDGE)

    points = " ".join(f"{across(index):.1f},{down(value):.1f}" for index, value in enumerate(values))
    usual = ""
    if band is not None:
        top, bottom = down(band[1]), down(band[0])
        usual = (
            f'<rect x="0" y="{top:.1f}" width="{WIDTH}" height="{max(bottom - top, 1):.1f}" '
            f'fill="{color("undecided-soft", theme)}"/>'
        )
    dot = color(verdict.value if verdict is not None else "text-2", theme)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'{usual}<polyline points="{points}" fill="none" stroke="{color("text-3", theme)}" stroke-width="1.5" '
        f'stroke-linejoin="round" stroke-linecap="round"/>'
        f'<circle cx="{across(len(values) - 1):.1f}" cy="{down(values[-1]):.1f}" r="3" fill="{dot}" '
        f'stroke="{color("surface", theme)}" stroke-width="1"/></svg>'
    )
