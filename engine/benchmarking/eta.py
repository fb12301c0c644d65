"""How long things will take: always a range, from what took how long before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from engine.domain.case import Case
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


def execution_seconds(case: Case, history: History) -> tuple[float, float] | None:
    """Likely seconds of one execution, low and high, from the most similar ones on record; None without any."""
    found = _most_similar(case, history)
    if not found:
        return None
    low, high = quantile(found, _TAIL), quantile(found, 1 - _TAIL)
    if len(found) < _FEW:
        low, high = low / _WIDENED, high * _WIDENED
    return low, high


def remaining_seconds(planned: Sequence[PlannedCase], history: History) -> tuple[float, float] | None:
    """The 10 to 90 % range of what executing `planned` will take; None while nothing like it ever ran.

    Deviations of single executions partly cancel out, those of the whole machine do not.
    """
    if not planned:
        return 0.0, 0.0
    known: dict[Case, tuple[float, float] | None] = {}
    for item in planned:
        if item.case not in known:
            known[item.case] = execution_seconds(item.case, history)
    return total_seconds([known[item.case] for item in planned])


def total_seconds(ranges: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    """The range of a sum of independent ranges; None when one is unknown."""
    known = [bounds for bounds in ranges if bounds is not None]
    if len(known) < len(ranges):
        return None
    middle = sum((low + high) / 2 for low, high in known)
    spread = math.sqrt(sum(((high - low) / 2) ** 2 for low, high in known)) + _COMMON * middle
    return max(0.0, middle - spread), middle + spread


def _most_similar(case: Case, history: History) -> list[float]:
    """Durations of the same case; else of the same model, of the same kind of work, or of anything."""
    same = [seconds for done, seconds in history if done == case]
    if same:
        return same
    model = [s for done, s in history if replace(done, batch_size=case.batch_size, precision=case.precision) == case]
    if model:
        return model
    kind = [s for done, s in history if (done.workload, done.size, done.cold) == (case.workload, case.size, case.cold)]
    return kind or [seconds for _, seconds in history]
