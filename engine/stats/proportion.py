"""The interval of a share that was counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable


def share_interval(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a probability after `hits` of `trials` (Clopper and Pearson): never too short.

    Each end is where as many hits, or as few, would be seen with a probability of 2.5 %.
    """
    low = 0.0 if hits == 0 else _solve(lambda share: 1.0 - _at_most(hits - 1, trials, share), 0.025)
    high = 1.0 if hits == trials else _solve(lambda share: 1.0 - _at_most(hits, trials, share), 0.975)
    return low, high


def trials_to_show(misses: int, trials: int, most: float, counts: Iterable[int]) -> int | None:
    """The first of `counts` trials whose interval reaches no further than `most`, if misses go on as often as seen.

    So many of `trials` were seen; a part of a miss counts as one, so that they are never fewer. None where none does.
    """
    return next((count for count in counts if _at_most(-(-misses * count // trials), count, most) <= 0.025), None)


def _at_most(hits: int, trials: int, share: float) -> float:
    """P(as many hits or fewer)."""
    if share <= 0.0 or share >= 1.0:
        return 1.0 if share <= 0.0 else float(hits >= trials)
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(count + 1)
        - math.lgamma(trials - count + 1)
        + count * math.log(share)
        + (trials - count) * math.log1p(-share)
        for count in range(hits + 1)
    )
    return math.fsum(math.exp(log) for log in logs)


def _solve(rising: Callable[[float], float], target: float) -> float:
    """Where a function that rises over 0..1 reaches `target`."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2
