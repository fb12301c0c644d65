"""Percentiles of each process, never of several poured together."""

from __future__ import annotations

from collections.abc import Sequence

from engine.analysis.tails import tails, tails_of
from engine.domain.case import Workload
from engine.domain.measurement import Measurement, Metric
from engine.domain.tail import Tail
from engine.figures.wording import tail_words
from tests.builders import a_case, a_result, a_summary

QUICK = [0.001 * number for number in range(1, 101)]
SLOW = [0.01 + value for value in QUICK]


def test_the_median_over_processes_of_each_ones_percentile_with_their_range():
    found = tails(Metric.LATENCY, [QUICK, SLOW, SLOW])
    assert [tail.label for tail in found] == ["p90", "p95"]
    p90 = found[0]
    assert p90.low is not None and p90.high is not None
    assert (round(p90.low, 4), round(p90.value, 4), round(p90.high, 4)) == (0.0901, 0.1001, 0.1001)
    assert (p90.processes, p90.iterations) == (3, 100)
    assert tail_words(found).endswith("; median and range of 3 processes with 100 iterations or more each")


def test_the_process_with_fewest_iterations_decides_what_can_be_said():
    assert [tail.label for tail in tails(Metric.LATENCY, [QUICK, QUICK[:40]])] == ["p90"]


def test_below_that_only_the_largest_of_all_is_told():
    (largest,) = tails(Metric.LATENCY, [QUICK[:20], SLOW[:10]])
    assert (largest.label, largest.value) == ("max of 30", SLOW[9] if SLOW[9] > QUICK[19] else QUICK[19])
    assert tail_words([largest]).endswith("percentiles need 36 iterations in each process")


def test_a_single_process_has_the_interval_within_it():
    p90 = tails(Metric.LATENCY, [QUICK])[0]
    assert p90.low is not None and p90.high is not None
    assert p90.low < p90.value < p90.high
    assert "within one process" in tail_words([p90])


def test_only_the_processes_behind_the_summary_count():
    case = a_case()
    samples = (Measurement(metric=Metric.LATENCY, samples=tuple(QUICK)),)
    shown = a_result(case, measurements=samples)
    other_run = a_result(case, measurements=samples, run_id="another")
    other_case = a_result(a_case(batch_size=8), measurements=samples)
    found = tails_of(a_summary(case), [shown, other_run, other_case])
    assert {tail.processes for tail in found} == {1}


def of_a_generation(between_tokens: Sequence[float]) -> tuple[Tail, ...]:
    case = a_case("gpt2", workload=Workload.GENERATION, new_tokens=32)
    samples = {Metric.TIME_TO_FIRST_TOKEN: QUICK, Metric.INTER_TOKEN_LATENCY: between_tokens}
    measurements = tuple(Measurement(metric=metric, samples=tuple(found)) for metric, found in samples.items())
    return tails_of(a_summary(case), [a_result(case, measurements=measurements)])


def test_generation_has_a_tail_to_its_first_token_and_over_every_gap_between_tokens():
    found = of_a_generation(QUICK * 31)
    assert {tail.metric for tail in found} == {Metric.TIME_TO_FIRST_TOKEN, Metric.INTER_TOKEN_LATENCY}
    between = [tail for tail in found if tail.metric is Metric.INTER_TOKEN_LATENCY]
    assert [tail.label for tail in between] == ["p90", "p95", "p99"]
    assert {(tail.low, tail.high) for tail in between} == {(None, None)}
    assert tail_words(between) == (
        "p90 90.1 ms, p95 95.0 ms, p99 99.0 ms; within one process of 3,100 gaps, "
        "no interval: gaps of a generation depend on each other"
    )


def test_gaps_of_several_processes_have_the_range_of_their_percentiles():
    p90 = tails(Metric.INTER_TOKEN_LATENCY, [QUICK, SLOW])[0]
    assert p90.low is not None and p90.high is not None and p90.low < p90.value < p90.high


def test_means_of_generations_have_no_tail_of_gaps():
    assert {tail.metric for tail in of_a_generation(QUICK)} == {Metric.TIME_TO_FIRST_TOKEN}
