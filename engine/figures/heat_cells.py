"""What one cell of a heat map says, in absolute figures or as a ratio to a baseline column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.domain.measurement import Better, Metric


class CellKind(StrEnum):
    DECIDED = "decided"
    """A ratio whose interval excludes 1."""
    UNDECIDED = "undecided"
    """A ratio that the measurements cannot tell from 1."""
    BASELINE = "baseline"
    AMOUNT = "amount"
    """An absolute figure."""
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    row: str
    column: str
    kind: CellKind
    value: float | None = None
    """Speed-up (above 1 is better) for ratios, SI for amounts; None for failed and missing."""
    text: str = ""
    hover: str = ""
    models: tuple[str, ...] = ()
    """The model types behind an amount: cells of a row compete only where these are the same."""


def improvement(ratio: float, metric: Metric) -> float:
    """`ratio` of the metric turned so that above 1 is better."""
    return ratio if metric.better is Better.HIGHER else 1 / ratio


def ordered(names: Sequence[str]) -> list[str]:
    """Each name once, in order of first appearance."""
    return list(dict.fromkeys(names))


def geometric_mean(values: Sequence[float]) -> float:
    """Of one value or more; 0 where one of them is (a pass may need no memory of its own)."""
    return 0.0 if min(values) <= 0 else math.exp(sum(math.log(value) for value in values) / len(values))


def by_place(cells: Sequence[Cell]) -> Mapping[tuple[str, str], Cell]:
    return {(cell.row, cell.column): cell for cell in cells}
