"""What a benchmark of ours found, and the goal that it is held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

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
    is_share: bool = False
    """Values are 0 or 1, and the figure is the share of ones, in percent."""

    @property
    def middle(self) -> float:
        return 100 * sum(self.values) / len(self.values) if self.is_share else median(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % bootstrap interval of the median over rounds, None below six of them; a share's exact binomial one."""
        if self.is_share:
            bounds = binomtest(round(sum(self.values)), len(self.values)).proportion_ci(method="exact")
            return 100 * float(bounds.low), 100 * float(bounds.high)
        return median_interval(self.values) if len(self.values) >= 6 else None


def at_most(name: str, values: Sequence[float], unit: str, limit: float) -> Figure:
    """A figure whose median may not exceed `limit`."""
    goal = f"at most {limit:g} {unit}"
    return Figure(name=name, values=tuple(values), unit=unit, goal=goal, is_reached=median(values) <= limit)


def at_least(name: str, values: Sequence[float], unit: str, limit: float) -> Figure:
    """A figure whose median may not fall below `limit`."""
    goal = f"at least {limit:g} {unit}"
    return Figure(name=name, values=tuple(values), unit=unit, goal=goal, is_reached=median(values) >= limit)


def share(name: str, is_so: Sequence[bool], *, at_most: float | None = None, at_least: float | None = None) -> Figure:
    """Of how many rounds something is so; bounds are shares, 0..1."""
    found = sum(is_so) / len(is_so)
    goal = is_reached = None
    if at_most is not None:
        goal, is_reached = f"at most {100 * at_most:g} %", found <= at_most
    if at_least is not None:
        goal, is_reached = f"at least {100 * at_least:g} %", found >= at_least
    values = tuple(float(one) for one in is_so)
    return Figure(name=name, values=values, unit="%", goal=goal, is_reached=is_reached, is_share=True)


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
