"""Cases, results and summaries of generation and concurrency, with figures that fit one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from engine.domain.case import Case, Workload
from engine.domain.measurement import Measurement, Metric
from engine.domain.result import Result
from engine.domain.summary import CaseSummary
from tests.builders import A_TIME, a_case, a_result, a_summary, an_estimate

NEW_TOKENS = 32


def a_generation(model: str = "gpt2", **changes: Any) -> Case:
    return a_case(model, **({"workload": Workload.GENERATION, "new_tokens": NEW_TOKENS} | changes))


def a_concurrency(model: str = "bert", **changes: Any) -> Case:
    return a_case(model, **({"workload": Workload.CONCURRENCY, "workers": 2} | changes))


def generation_figures(token_seconds: float = 0.01, batch_size: int = 1) -> dict[Metric, float]:
    """A prompt costs as much as eight tokens."""
    first, rest = 8 * token_seconds, (NEW_TOKENS - 1) * token_seconds
    return {
        Metric.INTER_TOKEN_LATENCY: token_seconds,
        Metric.TIME_TO_FIRST_TOKEN: first,
        Metric.PREFILL_TIME: 0.9 * first,
        Metric.DECODE_THROUGHPUT: batch_size / token_seconds,
        Metric.GENERATION_THROUGHPUT: batch_size * NEW_TOKENS / (first + rest),
        Metric.PEAK_MEMORY: 5.1e8,
    }


def concurrency_figures(requests: float = 40.0, speedup: float = 1.8, workers: int = 2) -> dict[Metric, float]:
    return {
        Metric.REQUESTS_PER_SECOND: requests,
        Metric.SPEEDUP: speedup,
        Metric.SCALING_EFFICIENCY: 100 * speedup / workers,
        Metric.MODELS_PER_SECOND: 1.5,
        Metric.PEAK_MEMORY: 9.8e8,
    }


def results_with(case: Case, figures: Mapping[Metric, float], *, how_many: int = 5, **changes: Any) -> list[Result]:
    """A completed result for each process, half a percent apart at most."""
    return [
        a_result(
            case,
            **{
                "result_id": f"{case.case_id}-{index}",
                "repetition": index,
                "started_at": A_TIME + timedelta(seconds=index),
                "measurements": tuple(
                    Measurement(metric=metric, samples=(value * (1 + 0.001 * (index - how_many // 2)),))
                    for metric, value in figures.items()
                ),
                **changes,
            },
        )
        for index in range(how_many)
    ]


def summary_with(case: Case, figures: Mapping[Metric, float | Sequence[float]], **changes: Any) -> CaseSummary:
    """What three processes say together."""
    values = {
        metric: tuple(value) if isinstance(value, Sequence) else (0.999 * value, value, 1.001 * value)
        for metric, value in figures.items()
    }
    estimates = {metric: an_estimate(median(found), 0.003) for metric, found in values.items()}
    return a_summary(case, **({"process_values": values, "estimates": estimates} | changes))
