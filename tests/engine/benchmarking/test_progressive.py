"""Whether a larger batch is worth its time, from results written by hand."""

from __future__ import annotations

import pytest

from engine.benchmarking.progressive import should_skip
from engine.domain.case import Case, Workload
from engine.domain.measurement import Measurement, Metric
from engine.domain.result import FailureKind, Result, ResultStatus
from tests.builders import a_case, a_failed_result, a_result


def at(batch_size: int, throughput: float, repetition: int = 0) -> Result:
    return a_result(a_case(batch_size=batch_size), latency=batch_size / throughput, repetition=repetition)


def failed(batch_size: int, kind: FailureKind, reason: str = "It went wrong.") -> Result:
    return a_failed_result(a_case(batch_size=batch_size), kind, reason)


def test_nothing_known_skips_nothing():
    assert should_skip(a_case(batch_size=64), []) is None


@pytest.mark.parametrize("kind", [FailureKind.OUT_OF_MEMORY, FailureKind.TIMEOUT, FailureKind.DOES_NOT_FIT])
def test_what_a_larger_batch_cannot_do_better_ends_the_series_with_the_reason(kind):
    skipped = should_skip(a_case(batch_size=8), [at(1, 10.0), failed(4, kind, "Out of memory.")])
    assert skipped.kind is kind
    assert skipped.reason == "Batch size 4 already ended so: Out of memory."


@pytest.mark.parametrize("kind", [FailureKind.ERROR, FailureKind.CRASHED, FailureKind.WRONG_OUTPUT])
def test_a_failure_that_says_nothing_of_larger_batches_ends_nothing(kind):
    assert should_skip(a_case(batch_size=8), [failed(4, kind)]) is None


def test_a_failure_of_a_larger_batch_does_not_stop_a_smaller_one():
    assert should_skip(a_case(batch_size=2), [failed(4, FailureKind.OUT_OF_MEMORY)]) is None


def test_a_hopeless_batch_is_not_tried_again_in_the_next_round():
    skipped = should_skip(a_case(batch_size=4), [failed(4, FailureKind.TIMEOUT, "Not finished after 1 s.")])
    assert skipped.reason == "An earlier process of this case ended so: Not finished after 1 s."


@pytest.mark.parametrize(("growth", "goes_on"), [(1.051, True), (1.049, False), (0.7, False)])
def test_a_twentieth_more_throughput_is_worth_a_larger_batch_and_less_is_not(growth, goes_on):
    skipped = should_skip(a_case(batch_size=4), [at(1, 100.0), at(2, 100.0 * growth)])
    assert (skipped is None) is goes_on
    if skipped is not None:
        assert skipped.kind is FailureKind.PLATEAU
        assert skipped.reason == f"Throughput stopped growing: batch size 2 gives {growth:.2f}x that of 1."


def test_growth_is_judged_between_the_two_largest_batches_below_by_their_medians():
    earlier = [at(1, 10.0), at(2, 50.0, 0), at(2, 10.0, 1), at(2, 52.0, 2), at(4, 53.0, 0), at(4, 90.0, 1)]
    # 71.5 over 50: still growing, although the second process at batch size 2 was slow.
    assert should_skip(a_case(batch_size=8), earlier) is None


def test_one_smaller_batch_shows_no_trend():
    assert should_skip(a_case(batch_size=8), [at(1, 10.0)]) is None


def test_a_batch_that_was_measured_goes_on_to_be():
    earlier = [at(1, 100.0), at(2, 90.0), at(4, 80.0)]
    assert should_skip(a_case(batch_size=4), earlier) is None


def test_a_batch_that_was_skipped_stays_so_for_the_same_reason():
    first = should_skip(a_case(batch_size=4), [at(1, 100.0), at(2, 90.0)])
    skipped = a_result(a_case(batch_size=4), status=ResultStatus.SKIPPED, failure=first)
    assert should_skip(a_case(batch_size=4), [at(1, 100.0), at(2, 200.0), skipped]) == first


def test_what_was_skipped_beyond_a_failure_is_not_itself_given_as_the_cause():
    lost = failed(2, FailureKind.OUT_OF_MEMORY, "Out of memory.")
    beyond = a_result(
        a_case(batch_size=4), status=ResultStatus.SKIPPED, failure=should_skip(a_case(batch_size=4), [lost])
    )
    skipped = should_skip(a_case(batch_size=8), [beyond, lost])
    assert skipped.reason == "Batch size 2 already ended so: Out of memory."


def rated(case: Case, metric: Metric, value: float) -> Result:
    return a_result(case, measurements=(Measurement(metric=metric, samples=(value,)),))


def test_generation_stops_growing_by_its_tokens_a_second():
    def of(batch_size: int) -> Case:
        return a_case("gpt2", workload=Workload.GENERATION, new_tokens=32, batch_size=batch_size)

    metric = Metric.GENERATION_THROUGHPUT
    flat = [rated(of(1), metric, 80.0), rated(of(8), metric, 82.0)]
    assert should_skip(of(32), flat).kind is FailureKind.PLATEAU
    assert should_skip(of(32), [flat[0], rated(of(8), metric, 160.0)]) is None


def test_a_request_of_concurrency_holds_a_whole_batch():
    """Fewer requests a second of more items each may still be more items a second."""

    def of(batch_size: int) -> Case:
        return a_case(workload=Workload.CONCURRENCY, workers=2, batch_size=batch_size)

    metric = Metric.REQUESTS_PER_SECOND
    assert should_skip(of(32), [rated(of(1), metric, 40.0), rated(of(8), metric, 10.0)]) is None
    assert should_skip(of(32), [rated(of(1), metric, 40.0), rated(of(8), metric, 5.0)]).kind is FailureKind.PLATEAU
