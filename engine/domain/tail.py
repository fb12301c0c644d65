"""How bad it gets: high percentiles of a time over the iterations inside processes."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.measurement import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """One percentile, or the largest sample where there are too few for any."""

    metric: Metric
    percent: int | None
    """Such as 95; None for the largest sample."""
    value: float
    """Median over processes of each process's own percentile: the process is the unit that is repeated."""
    low: float | None
    high: float | None
    """Of several processes the smallest and largest percentile; of one the 95 % interval within it, None where its
    samples depend on each other."""
    processes: int
    iterations: int
    """Of the process with fewest; of time between tokens the gaps."""

    @property
    def noun(self) -> str:
        """What a sample is of."""
        return "gap" if self.metric is Metric.INTER_TOKEN_LATENCY else "iteration"

    @property
    def label(self) -> str:
        """Like "p95" or "max of 20"."""
        return f"p{self.percent}" if self.percent is not None else f"max of {self.iterations}"
