"""Units that a file may use, as factors to those of the metrics; and metrics named together with their unit."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.measurement import Metric

_FACTORS: Mapping[str, Mapping[str, float]] = {
    "s": {"s": 1, "sec": 1, "second": 1, "seconds": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9},
    "B": {
        **{"b": 1, "byte": 1, "bytes": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9},
        **{"kib": 2**10, "mib": 2**20, "gib": 2**30},
    },
    "items/s": {"items/s": 1, "samples/s": 1},
    "tokens/s": {"tokens/s": 1},
    "requests/s": {"requests/s": 1},
    "models/s": {"models/s": 1},
    "x": {"x": 1},
    "%": {"%": 1, "percent": 1},
    "J": {"j": 1, "mj": 1e-3, "kj": 1e3, "wh": 3600},
}
"""The metric's own unit -> every unit of the same kind, in small letters -> its factor. `mj` is a millijoule."""


def factor_of(metric: Metric, unit: str) -> float | None:
    """What to multiply a figure in `unit` with to have it in the metric's unit; None where it is of another kind."""
    plain = unit.strip().casefold().replace("_per_", "/").replace("/second", "/s")
    return _FACTORS[metric.unit].get(plain)


def in_own_unit(figure: float, factor: float) -> float:
    """Divided where that is exact: 13 ms are 0.013 s, and not what a product of 13 and 0.001 comes to."""
    return figure / round(1 / factor) if factor < 1 else figure * factor


def units_of(metric: Metric) -> list[str]:
    """What may stand in a unit column, the metric's own first."""
    return sorted(_FACTORS[metric.unit], key=lambda unit: _FACTORS[metric.unit][unit] != 1)


def metric_column(name: str) -> tuple[Metric, str | None] | None:
    """The metric that a column is of, and the unit that its name ends in; None for a column of something else.

    latency_ms, peak_memory_mib and throughput_items_per_s have one, latency has none.
    """
    plain = name.strip().casefold()
    for metric in sorted(Metric, key=lambda metric: len(metric.label), reverse=True):
        if plain == metric.label:
            return metric, None
        unit = plain.removeprefix(f"{metric.label}_")
        if unit != plain and factor_of(metric, unit) is not None:
            return metric, unit
    return None
