"""What each workload measures, headline first, and how much it gets done."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.case import Workload
from engine.domain.measurement import Metric

METRICS: Mapping[Workload, tuple[Metric, ...]] = {
    Workload.INFERENCE: (Metric.LATENCY, Metric.THROUGHPUT, Metric.PEAK_MEMORY, Metric.ENERGY),
    Workload.STARTUP: (
        Metric.MODEL_INITIALIZATION_TIME,
        Metric.CLASS_INSTANTIATION_TIME,
        Metric.MODULE_IMPORT_TIME,
    ),
    Workload.GENERATION: (
        Metric.INTER_TOKEN_LATENCY,
        Metric.TIME_TO_FIRST_TOKEN,
        Metric.GENERATION_THROUGHPUT,
        Metric.DECODE_THROUGHPUT,
        Metric.PREFILL_TIME,
        Metric.PEAK_MEMORY,
    ),
    Workload.CONCURRENCY: (
        Metric.REQUESTS_PER_SECOND,
        Metric.SPEEDUP,
        Metric.SCALING_EFFICIENCY,
        Metric.MODELS_PER_SECOND,
        Metric.PEAK_MEMORY,
    ),
}

RATES: Mapping[Workload, Metric] = {
    Workload.INFERENCE: Metric.THROUGHPUT,
    Workload.GENERATION: Metric.GENERATION_THROUGHPUT,
    Workload.CONCURRENCY: Metric.REQUESTS_PER_SECOND,
}
"""How much of its work each gets done in a second; startup has no such figure."""
