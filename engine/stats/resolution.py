"""Which change the processes behind a verdict could have shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.domain.calibration import MachineNoise, Resolution, SpreadSource
from engine.domain.summary import PairedRatio
from engine.stats.comparison import FEWEST_PROCESSES, SIGNIFICANCE
from engine.stats.detectable import (
    detectable_change,
    detectable_change_in_pairs,
    fewest_pairs,
    fewest_processes,
    pooled_spread,
    t_quantile,
)
from engine.stats.paired import FEWEST_PAIRS


def resolution(
    base: Sequence[float], new: Sequence[float], noise: MachineNoise | None, *, comparisons: int = 1
) -> Resolution | None:
    """Of a comparison of these per-process values; None where nothing tells how much processes differ here.

    The spread is that of the values themselves where there are enough of them, else the machine's `noise`. The verdict
    is corrected for so many `comparisons`, this one among them: what is told is the change that is found when no other
    of them differs, the least that can be promised.
    """
    processes = (len(base), len(new))
    own = pooled_spread([base, new]) if min(processes) >= FEWEST_PROCESSES else None
    spread = noise.process_spread if own is None and noise is not None else own
    if spread is None:
        return None
    fewest = fewest_processes(comparisons)
    change = detectable_change(spread, processes, comparisons=comparisons)
    return Resolution(
        change=change,
        with_fewest=detectable_change(spread, (fewest, fewest), comparisons=comparisons) if change is None else None,
        source=SpreadSource.MACHINE if own is None else SpreadSource.CASE,
        processes=processes,
        fewest=fewest,
        comparisons=comparisons,
    )


def resolution_in_pairs(found: PairedRatio, noise: MachineNoise | None) -> Resolution | None:
    """Of pairs: by the width of their own interval where a verdict has enough of them, else by `noise`.

    Then as of two processes that have nothing in common: pairs that take turns vary less, others do not.

    For as many comparisons as the verdict is corrected for, as `resolution` does.
    """
    own = _spread_in_pairs(found)
    spread = math.sqrt(2) * noise.process_spread if own is None and noise is not None else own
    if spread is None:
        return None
    fewest = fewest_pairs(found.comparisons)
    change = detectable_change_in_pairs(spread, found.pairs, comparisons=found.comparisons)
    fewer = detectable_change_in_pairs(spread, fewest, comparisons=found.comparisons) if change is None else None
    return Resolution(
        change=change,
        with_fewest=fewer,
        source=SpreadSource.MACHINE if own is None else SpreadSource.CASE,
        processes=(found.pairs, found.pairs),
        fewest=fewest,
        in_pairs=True,
        comparisons=found.comparisons,
    )


def _spread_in_pairs(found: PairedRatio) -> float | None:
    """Standard deviation of the logarithm of the pairs' ratios, from the interval; None of too few for a verdict."""
    if found.pairs < FEWEST_PAIRS or found.low is None or found.high is None:
        return None
    reach = math.log(found.high / found.low) / 2
    return reach / t_quantile(1 - SIGNIFICANCE / 2, found.pairs - 1) * math.sqrt(found.pairs)
