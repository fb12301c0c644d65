"""Phrases that several parts of a report share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.domain.case import Case
from engine.domain.measurement import Estimate, IntervalMethod, Metric
from engine.domain.result import Provenance
from engine.domain.summary import CaseSummary
from engine.formatting import MISSING, THIN_SPACE, counted

PROVENANCE_GLYPHS: Mapping[Provenance, str] = {
    Provenance.MEASURED: "●",
    Provenance.PREDICTED: "◇",
    Provenance.IMPORTED: "◫",
    Provenance.SIMULATED: "△",
}

INTERVAL_SENTENCES: Mapping[IntervalMethod, str] = {
    IntervalMethod.BOOTSTRAP_PROCESSES: (
        "95 % percentile bootstrap of the median of per-process values, eleven processes or more."
    ),
    IntervalMethod.T_LOG_PROCESSES: (
        "95 % Student's t interval on the logarithms of per-process values, two to ten processes."
    ),
    IntervalMethod.ORDER_STATISTIC: (
        "95 % binomial order-statistic interval of the median over the iterations of a single process; "
        "it says nothing of how processes differ."
    ),
    IntervalMethod.RANGE: "The smallest and the largest per-process value: a range, no confidence interval.",
    IntervalMethod.NONE: "A single process: no interval can be given, only the value and n = 1.",
}

STATISTICS: Mapping[Metric, str] = {
    Metric.LATENCY: "median of per-process medians over the timed iterations",
    Metric.THROUGHPUT: "items over the wall time of all timed iterations of a process; median over processes",
    Metric.PEAK_MEMORY: "highest level of each process; median over processes, with their range",
    Metric.MODULE_IMPORT_TIME: "one value per process; median over processes",
    Metric.CLASS_INSTANTIATION_TIME: "one value per process; median over processes",
    Metric.MODEL_INITIALIZATION_TIME: "one value per process; median over processes",
    Metric.PREFILL_TIME: "median of per-process medians over the timed generations",
    Metric.TIME_TO_FIRST_TOKEN: "median of per-process medians over the timed generations",
    Metric.INTER_TOKEN_LATENCY: "median of per-process medians over every gap of the timed generations",
    Metric.DECODE_THROUGHPUT: "tokens over the decoding time of all generations of a process; median over processes",
    Metric.GENERATION_THROUGHPUT: "tokens over the wall time of all generations of a process; median over processes",
    Metric.REQUESTS_PER_SECOND: "requests over the wall time of a process; median over processes",
    Metric.MODELS_PER_SECOND: "models over the wall time of a process; median over processes",
    Metric.SPEEDUP: "one value per case process, both rates of the same workers in turns; median over processes",
    Metric.SCALING_EFFICIENCY: "one value per process; median over processes",
    Metric.ENERGY: "counter difference over the timed iterations of a process, per item; median over processes",
}


def model_name(case: Case) -> str:
    """The model type or checkpoint; a tiny size is part of the name, because its speed says nothing of the real one."""
    return f"{case.model} (tiny)" if case.is_tiny else case.model


def input_shape(case: Case) -> str:
    parts = [
        *([f"sequence {case.sequence_length}"] if case.sequence_length is not None else []),
        *([f"{case.image_size} px"] if case.image_size is not None else []),
        *([f"{case.new_tokens} new tokens"] if case.new_tokens is not None else []),
        *([counted(case.workers, "worker")] if case.workers is not None else []),
    ]
    return ", ".join(parts) or MISSING


def interval_words(summaries: Sequence[CaseSummary], metric: Metric) -> str:
    """What the interval of these figures is, and over how many processes."""
    estimates: list[Estimate] = [summary.estimates[metric] for summary in summaries if metric in summary.estimates]
    counts = sorted({estimate.processes for estimate in estimates})
    number = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    processes = f"{number} process" if counts == [1] else f"{number} processes"
    known = next((estimate for estimate in estimates if estimate.low is not None), None)
    if known is None:
        return f"{processes}, too few for an interval"
    if known.confidence is None:
        return f"range over {processes}"
    share = f"{known.confidence * 100:g}{THIN_SPACE}% interval"
    return f"{share} within one process" if counts == [1] else f"{share} over {processes}"
