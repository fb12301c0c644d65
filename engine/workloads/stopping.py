"""When to stop repeating: the warm-up's end, and the timed iterations' end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from engine.domain.run import Protocol

STILL_SPEEDING_UP = 0.95
"""An iteration this much faster than the one before says that warm-up is not over."""

MOST_EXTRA_WARMUP = 10
"""Some models never settle; after this many more than asked for, timing starts anyway."""


class StopRule(StrEnum):
    """Which rule ended the timed iterations."""

    NARROW = "the interval of the median was narrow enough"
    BUDGET = "the time budget was spent"
    MOST = "the most iterations allowed were done"


def is_warm(seconds: Sequence[float], protocol: Protocol) -> bool:
    """Whether the discarded iterations so far suffice: as many as asked for, and no longer speeding up."""
    if len(seconds) < max(1, protocol.warmup):
        return False
    if len(seconds) >= protocol.warmup + MOST_EXTRA_WARMUP or sum(seconds) >= protocol.max_seconds:
        return True
    return len(seconds) < 2 or seconds[-1] >= STILL_SPEEDING_UP * seconds[-2]


def relative_halfwidth(samples: Sequence[float]) -> float | None:
    """The longer side of the median's 95 % interval over the median; None below six samples."""
    from engine.stats.quantiles import median, order_statistic_interval

    interval = order_statistic_interval(samples)
    middle = median(samples)
    if interval is None or middle <= 0:
        return None
    return max(middle - interval[0], interval[1] - middle) / middle


class Stopping:
    """Decides after each timed iteration. The interval is looked at ever more rarely, so that looking stays cheap."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._next_look = protocol.min_iterations

    def rule(self, samples: Sequence[float], elapsed_seconds: float) -> StopRule | None:
        """The rule that ends the measurement now; None to go on."""
        count = len(samples)
        if count < self._protocol.min_iterations:
            return None
        if count >= self._next_look:
            self._next_look = math.ceil(count * 1.25)
            halfwidth = relative_halfwidth(samples)
            if halfwidth is not None and halfwidth < self._protocol.target_relative_halfwidth:
                return StopRule.NARROW
        if count >= self._protocol.max_iterations:
            return StopRule.MOST
        return StopRule.BUDGET if elapsed_seconds >= self._protocol.max_seconds else None
