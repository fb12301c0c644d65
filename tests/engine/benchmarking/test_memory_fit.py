"""The memory estimate against sums done by hand."""

from __future__ import annotations

import pytest

from engine.benchmarking import memory_fit
from engine.benchmarking.memory_fit import FreeMemory, estimate_memory
from engine.domain.case import Precision, Workload
from tests.builders import a_case, some_facts

MIB = 2**20
FACTS = some_facts(parameter_bytes=400 * MIB, activation_bytes=100 * MIB, input_bytes=MIB)
ONE_EXAMPLE = 101 * MIB
KEPT, FIXED = memory_fit._KEPT_MOST_BYTES, memory_fit._FIXED_BYTES


def peak(**changes) -> int:
    return estimate_memory(FACTS, a_case(**changes)).peak_bytes


def test_a_pass_takes_weights_and_the_activations_of_every_example():
    assert peak() == pytest.approx(400 * MIB + ONE_EXAMPLE + KEPT + FIXED)
    assert peak(batch_size=8) - peak() == pytest.approx(7 * ONE_EXAMPLE)


def test_half_precision_takes_half_and_is_built_in_full():
    half = estimate_memory(FACTS, a_case(precision=Precision.BF16))
    assert half.peak_bytes == pytest.approx(200 * MIB + 51 * MIB + KEPT + FIXED)
    assert half.building_bytes == 400 * MIB
    assert half.needed_bytes > 400 * MIB


def test_starting_up_shows_what_building_took():
    assert peak(workload=Workload.STARTUP, precision=Precision.BF16) >= 400 * MIB
    assert peak(workload=Workload.STARTUP) == peak()


def test_each_worker_has_a_model_of_its_own():
    more = peak(workload=Workload.CONCURRENCY, workers=3) - peak()
    assert more == pytest.approx(2 * (400 * MIB + ONE_EXAMPLE + KEPT))


def test_new_tokens_add_to_the_activations():
    assert peak() < peak(workload=Workload.GENERATION, new_tokens=128) < peak() + ONE_EXAMPLE


def test_a_runtime_that_makes_a_graph_of_the_model_holds_it_several_times():
    assert estimate_memory(FACTS, a_case(backend="onnxruntime")).building_bytes == 3 * 400 * MIB


def test_of_small_activations_the_allocator_keeps_a_share():
    small = some_facts(parameter_bytes=400 * MIB, activation_bytes=9 * MIB, input_bytes=MIB)
    kept = memory_fit._KEPT_SHARE * 10 * MIB
    assert estimate_memory(small, a_case()).peak_bytes == pytest.approx(410 * MIB + kept + FIXED)


def test_activations_that_could_not_be_followed_are_assumed():
    unknown = some_facts(parameter_bytes=400 * MIB, activation_bytes=None, input_bytes=0)
    assert estimate_memory(unknown, a_case()).peak_bytes > 400 * MIB + FIXED


def test_the_least_that_is_needed_is_one_example_in_full_precision():
    needed = estimate_memory(FACTS, a_case()).needed_bytes
    assert FreeMemory(host_bytes=needed).holds_least_of(FACTS, ["cpu"])
    assert not FreeMemory(host_bytes=needed - 1).holds_least_of(FACTS, ["cpu"])
