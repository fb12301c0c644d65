"""What a benchmark of ours found, and the goal that it is held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.stats.bootstrap import median_interval
from engine.stats.quantiles import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One published number."""

    name: str
    values: tuple[float, ...]
    """One per round or pair, in the order they were taken."""
    unit: str
    goal: str | None = None
    """In words; None where none is set."""
    is_reached: bool | None = None
    """Judged by the median; None without a goal."""

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % bootstrap interval of the median over rounds; None below six of them."""
        return median_interval(self.values) if len(self.values) >= 6 else None


def at_most(name: str, values: Sequence[float], unit: str, limit: float) -> Figure:
    """A figure whose median may not exceed `limit`."""
    goal = f"at most {limit:g} {unit}"
    return Figure(name=name, values=tuple(values), unit=unit, goal=goal, is_reached=median(values) <= limit)


def at_least(name: str, values: Sequence[float], unit: str, limit: float) -> Figure:
    """A figure whose median may not fall below `limit`."""
    goal = f"at least {limit:g} {unit}"
    return Figure(name=name, values=tuple(values), unit=unit, goal=goal, is_reached=median(values) >= limit)


def markdown(figures: Sequence[Figure]) -> str:
    """The table that docs/performance.md shows."""
    lines = ["| figure | median | 95 % interval or range | n | goal | reached |", "|---|---:|---|---:|---|---|"]
    for figure in figures:
        interval = figure.interval
        low, high = interval if interval is not None else (min(figure.values), max(figure.values))
        spread = f"{low:.3g} – {high:.3g}" + ("" if interval is not None else " (range)")
        reached = {None: "", True: "yes", False: "**no**"}[figure.is_reached]
        lines.append(
            f"| {figure.name} | {figure.middle:.3g} {figure.unit} | {spread} | {len(figure.values)} "
            f"| {figure.goal or ''} | {reached} |"
        )
    return "\n".join(lines)
