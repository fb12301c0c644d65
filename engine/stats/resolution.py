"""Which change the processes behind a verdict could have shown."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.calibration import MachineNoise, Resolution, SpreadSource
from engine.stats.comparison import FEWEST_PROCESSES
from engine.stats.detectable import detectable_change, pooled_spread


def resolution(base: Sequence[float], new: Sequence[float], noise: MachineNoise | None) -> Resolution | None:
    """Of a comparison of these per-process values; None where nothing tells how much processes differ here.

    The spread is that of the values themselves where there are enough of them, else the machine's `noise`.
    """
    processes = (len(base), len(new))
    is_enough = min(processes) >= FEWEST_PROCESSES
    own = pooled_spread([base, new]) if is_enough else None
    if own is not None:
        return Resolution(
            change=detectable_change(own, processes), with_fewest=None, source=SpreadSource.CASE, processes=processes
        )
    if noise is None:
        return None
    fewest = (FEWEST_PROCESSES, FEWEST_PROCESSES)
    return Resolution(
        change=detectable_change(noise.process_spread, processes),
        with_fewest=None if is_enough else detectable_change(noise.process_spread, fewest),
        source=SpreadSource.MACHINE,
        processes=processes,
    )
