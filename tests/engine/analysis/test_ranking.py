from __future__ import annotations

from dataclasses import replace

from engine.analysis.ranking import rank
from engine.domain.measurement import Estimate, Metric
from engine.domain.summary import CaseSummary
from tests.builders import a_case, a_summary, an_estimate


def with_latency(name: str, estimate: Estimate) -> CaseSummary:
    return replace(a_summary(a_case(name)), estimates={Metric.LATENCY: estimate, Metric.THROUGHPUT: estimate})


def places(metric: Metric, *entries: CaseSummary) -> list[tuple[str, int, bool]]:
    return [(found.summary.case.model_type, found.rank, found.is_tied) for found in rank(entries, metric)]


def test_the_better_end_depends_on_the_metric() -> None:
    fast, slow = with_latency("gpt2", an_estimate(1.0, 0.01)), with_latency("bert", an_estimate(2.0, 0.01))
    assert places(Metric.LATENCY, slow, fast) == [("gpt2", 1, False), ("bert", 2, False)]
    assert places(Metric.THROUGHPUT, slow, fast) == [("bert", 1, False), ("gpt2", 2, False)]


def test_overlapping_intervals_share_a_rank_and_the_next_one_counts_on() -> None:
    entries = [
        with_latency("bert", an_estimate(1.00, 0.05)),
        with_latency("gpt2", an_estimate(1.02, 0.05)),
        with_latency("t5", an_estimate(2.00, 0.05)),
    ]
    assert places(Metric.LATENCY, *entries) == [("bert", 1, True), ("gpt2", 1, True), ("t5", 3, False)]


def test_a_chain_of_overlaps_does_not_tie_its_ends() -> None:
    entries = [
        with_latency("bert", an_estimate(1.00, 0.05)),
        with_latency("gpt2", an_estimate(1.08, 0.05)),
        with_latency("t5", an_estimate(1.16, 0.05)),
    ]
    assert places(Metric.LATENCY, *entries) == [("bert", 1, True), ("gpt2", 1, True), ("t5", 3, False)]


def test_without_an_interval_only_equal_values_tie() -> None:
    entries = [
        with_latency("bert", an_estimate(1.0, None)),
        with_latency("gpt2", an_estimate(1.0, None)),
        with_latency("t5", an_estimate(1.001, None)),
    ]
    assert [place for _, place, _ in places(Metric.LATENCY, *entries)] == [1, 1, 3]


def test_cases_without_the_metric_are_not_ranked() -> None:
    assert rank([a_summary(latencies=())], Metric.LATENCY) == []
