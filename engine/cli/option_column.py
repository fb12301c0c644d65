"""The column that tells cases apart which model, backend, precision, batch size and workload do not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.figures.wording import option_words
from engine.formatting import MISSING, counted

Row = Mapping[str, Any]

IDENTITY = ("model", "size", "backend", "precision", "batch_size", "workload")
"""The columns that every table of cases has."""
_SHAPES: Mapping[str, Callable[[Any], str]] = {
    "sequence_length": "sequence {}".format,
    "new_tokens": "{} new tokens".format,
    "workers": lambda workers: counted(workers, "worker"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionColumn:
    """How cases are run beyond backend and precision, and the shape where rows that are alike else differ in it."""

    shapes: Mapping[str, frozenset[Hashable]]
    """Shape -> the identities of which several rows differ in it."""
    is_shown: bool
    """Only where some row has anything to say."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> OptionColumn:
        shapes = {name: _differing(rows, name) for name in _SHAPES}
        return cls(shapes=shapes, is_shown=any(shapes.values()) or any(options_of(row) for row in rows))

    @property
    def heading(self) -> tuple[str, ...]:
        """None where the column is not shown."""
        return ("Options",) if self.is_shown else ()

    def cell(self, row: Row) -> tuple[str, ...]:
        if not self.is_shown:
            return ()
        words = [
            _SHAPES[name](row[name])
            for name, identities in self.shapes.items()
            if row.get(name) is not None and _alike(row) in identities
        ]
        return (", ".join([*options_of(row), *words]) or MISSING,)


def options_of(row: Row) -> list[str]:
    """In the words of the column "way" everywhere: ["compiled", "2 threads"]."""
    return option_words(compiled=row["compiled"], attention=row["attention"], threads=row["threads"], cold=row["cold"])


def _differing(rows: Sequence[Row], name: str) -> frozenset[Hashable]:
    seen: dict[Hashable, set[Any]] = {}
    for row in rows:
        seen.setdefault(_alike(row), set()).add(row.get(name))
    return frozenset(alike for alike, values in seen.items() if len(values) > 1)


def _alike(row: Row) -> Hashable:
    return (*(row[name] for name in IDENTITY), *options_of(row))
