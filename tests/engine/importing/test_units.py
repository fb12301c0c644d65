from __future__ import annotations

import pytest

from engine.domain.measurement import Metric
from engine.importing.units import factor_of, metric_column, units_of


@pytest.mark.parametrize(
    ("column", "metric", "factor"),
    [
        ("latency_ms", Metric.LATENCY, 1e-3),
        ("Latency_us", Metric.LATENCY, 1e-6),
        ("inter_token_latency_ms", Metric.INTER_TOKEN_LATENCY, 1e-3),
        ("throughput_items_per_s", Metric.THROUGHPUT, 1),
        ("throughput_samples_per_second", Metric.THROUGHPUT, 1),
        ("decode_throughput_tokens_per_s", Metric.DECODE_THROUGHPUT, 1),
        ("peak_memory_mib", Metric.PEAK_MEMORY, 2**20),
        ("peak_memory_MB", Metric.PEAK_MEMORY, 1e6),
        ("energy_wh", Metric.ENERGY, 3600),
    ],
)
def test_a_column_names_its_metric_and_unit(column: str, metric: Metric, factor: float):
    found = metric_column(column)
    assert found is not None and found[0] is metric
    assert factor_of(metric, found[1] or "") == factor


@pytest.mark.parametrize("column", ["latency_gb", "latencyms", "model", "latency_", "memory_mb"])
def test_what_is_no_metric_is_none(column: str):
    assert metric_column(column) is None


def test_a_metric_without_a_unit_is_known_as_such():
    assert metric_column("latency") == (Metric.LATENCY, None)


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_takes_its_own_unit_first(metric: Metric):
    assert factor_of(metric, metric.unit) == 1
    assert factor_of(metric, units_of(metric)[0]) == 1
