"""The guess for a new machine: its order, not its size."""

from __future__ import annotations

from dataclasses import replace

from engine.benchmarking.prior import likely_seconds
from engine.domain.case import Workload
from tests.builders import a_case, a_protocol, some_facts

PROTOCOL = a_protocol(min_iterations=10, max_iterations=200, max_seconds=5.0, timeout_seconds=300.0)


def test_the_guess_is_a_wide_range_that_never_exceeds_the_time_limit():
    low, high = likely_seconds(a_case(), some_facts(), PROTOCOL)
    assert 0 < 2 * low < high
    huge = some_facts(parameters=10**12, parameter_bytes=4 * 10**12, flops=10**15)
    assert likely_seconds(a_case(), huge, PROTOCOL) == (300.0, 300.0)


def test_more_of_anything_takes_longer():
    case, facts = a_case(batch_size=8), some_facts()
    base = likely_seconds(case, facts, PROTOCOL)
    assert base > likely_seconds(case, None, PROTOCOL)
    assert likely_seconds(replace(case, batch_size=64), facts, PROTOCOL) > base
    assert likely_seconds(replace(case, cold=True), facts, PROTOCOL) > base
    assert likely_seconds(replace(case, workload=Workload.GENERATION, new_tokens=64), facts, PROTOCOL) > base
    assert likely_seconds(case, some_facts(flops=2 * facts.flops, parameters=2 * facts.parameters), PROTOCOL) > base
    assert likely_seconds(replace(case, workload=Workload.STARTUP), facts, PROTOCOL) < base


def test_operations_that_nobody_could_count_are_taken_from_the_parameters():
    unknown = some_facts(flops=None)
    assert likely_seconds(a_case(), unknown, PROTOCOL) > likely_seconds(a_case(), None, PROTOCOL)
