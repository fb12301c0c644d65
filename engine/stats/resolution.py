"""Which change the processes behind a verdict could have shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.domain.calibration import MachineNoise, Resolution, SpreadSource
from engine.domain.summary import PairedRatio
from engine.stats.comparison import FEWEST_PROCESSES, SIGNIFICANCE
from engine.stats.detectable import detectable_change, detectable_change_in_pairs, pooled_spread, t_quantile
from engine.stats.paired import FEWEST_PAIRS


def resolution(base: Sequence[float], new: Sequence[float], noise: MachineNoise | None) -> Resolution | None:
    """Of a comparison of these per-process values; None where nothing tells how much processes differ here.

    The spread is that of the values themselves where there are enough of them, else the machine's `noise`.
    """
    processes = (len(base), len(new))
    is_enough = min(processes) >= FEWEST_PROCESSES
    own = pooled_spread([base, new]) if is_enough else None
    if own is not None:
        return Resolution(
            change=detectable_change(own, processes),
            with_fewest=None,
            source=SpreadSource.CASE,
            processes=processes,
            fewest=FEWEST_PROCESSES,
        )
    if noise is None:
        return None
    fewest = (FEWEST_PROCESSES, FEWEST_PROCESSES)
    return Resolution(
        change=detectable_change(noise.process_spread, processes),
        with_fewest=None if is_enough else detectable_change(noise.process_spread, fewest),
        source=SpreadSource.MACHINE,
        processes=processes,
        fewest=FEWEST_PROCESSES,
    )


def resolution_in_pairs(found: PairedRatio, noise: MachineNoise | None) -> Resolution | None:
    """Of interleaved pairs: by the width of their own interval where a verdict has enough of them, else by `noise`."""
    pairs = (found.pairs, found.pairs)
    is_enough = found.pairs >= FEWEST_PAIRS
    if is_enough and found.low is not None and found.high is not None:
        reach = math.log(found.high / found.low) / 2
        own = reach / t_quantile(1 - SIGNIFICANCE / 2, found.pairs - 1) * math.sqrt(found.pairs)
        change = detectable_change_in_pairs(own, found.pairs)
        return Resolution(
            change=change,
            with_fewest=None,
            source=SpreadSource.CASE,
            processes=pairs,
            fewest=FEWEST_PAIRS,
            in_pairs=True,
        )
    if noise is None:
        return None
    return Resolution(
        change=detectable_change_in_pairs(noise.pair_spread, found.pairs),
        with_fewest=None if is_enough else detectable_change_in_pairs(noise.pair_spread, FEWEST_PAIRS),
        source=SpreadSource.MACHINE,
        processes=pairs,
        fewest=FEWEST_PAIRS,
        in_pairs=True,
    )
