"""How long things will take: always a range, from what took how long before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from engine.domain.case import Case, Precision
from engine.domain.run import PlannedCase
from engine.stats.quantiles import quantile

History = Sequence[tuple[Case, float]]
"""Cases that ran and the seconds each execution took."""

_TAIL = 0.1
"""The range runs from the 10 to the 90 % quantile of what was seen."""
_FEW = 3
"""With fewer durations than this their quantiles say little, and the range is widened."""
_WIDENED = 1.5
_COMMON = 0.1
"""Share of a sum by which all of its parts may be off together: a machine is slower today than it was."""


class Past:
    """What took how long, by how much it resembles a case."""

    def __init__(self, history: History) -> None:
        self._by_likeness: dict[Hashable, list[float]] = {}
        for case, seconds in history:
            for likeness in _likenesses(case):
                self._by_likeness.setdefault(likeness, []).append(seconds)

    def seconds(self, case: Case) -> tuple[float, float] | None:
        """Likely seconds of one execution, low and high, from the most similar ones on record.

        None where no case of the same workload and size is: what a tiny model took says nothing of a real one.
        """
        found = next(filter(None, map(self._by_likeness.get, _likenesses(case))), None)
        if found is None:
            return None
        low, high = quantile(found, _TAIL), quantile(found, 1 - _TAIL)
        if len(found) < _FEW:
            low, high = low / _WIDENED, high * _WIDENED
        return low, high


def _likenesses(case: Case) -> tuple[Hashable, ...]:
    """Nearest first: the same case, the same model at any batch and precision, the same kind of work."""
    model = replace(case, batch_size=1, precision=Precision.FP32)
    return ("same", case), ("model", model), ("kind", case.workload, case.size, case.cold)


def remaining_seconds(planned: Sequence[PlannedCase], history: History) -> tuple[float, float] | None:
    """The 10 to 90 % range of what executing `planned` will take; None while nothing like it ever ran."""
    return total_seconds([item.case for item in planned], Past(history))


def seconds_of_one(item: PlannedCase, history: History) -> tuple[float, float] | None:
    """Of one execution: by what has run meanwhile, else as planned."""
    return Past(history).seconds(item.case) or item.estimated_seconds


def total_seconds(cases: Iterable[Case], past: Past) -> tuple[float, float] | None:
    """The range of what executing `cases` takes, each as often as it stands there; None when one is unknown.

    Deviations of different cases partly cancel out. Those of the whole machine do not, nor those of one case's
    processes: when the first is slower than models of its kind usually are, so are the others.
    """
    return sum_of_ranges([_times(past.seconds(case), count) for case, count in _counted(cases)])


def total_as_known(cases: Iterable[Case], seconds: Mapping[Case, tuple[float, float]]) -> tuple[float, float]:
    """`total_seconds` where something is known of every case."""
    return _sum([(low * count, high * count) for case, count in _counted(cases) for low, high in [seconds[case]]])


def _counted(cases: Iterable[Case]) -> Iterable[tuple[Case, int]]:
    return Counter(cases).items()


def _times(bounds: tuple[float, float] | None, count: int) -> tuple[float, float] | None:
    return None if bounds is None else (bounds[0] * count, bounds[1] * count)


def sum_of_ranges(ranges: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    """The range of a sum of ranges that are independent but for the machine; None when one is unknown."""
    known = [bounds for bounds in ranges if bounds is not None]
    return None if len(known) < len(ranges) else _sum(known)


def _sum(ranges: Sequence[tuple[float, float]]) -> tuple[float, float]:
    middle = sum((low + high) / 2 for low, high in ranges)
    spread = math.sqrt(sum(((high - low) / 2) ** 2 for low, high in ranges)) + _COMMON * middle
    return max(0.0, middle - spread), middle + spread
