"""What calibrating functions read in real case processes. How fast the machine is, no test says."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher

MIB = 2**20


def read(launcher: ForkServerLauncher, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
    outcome = launcher.run(f"engine.benchmarking.{function}", arguments, timeout_seconds=120)
    assert outcome.value is not None, outcome.failure
    return outcome.value


def test_the_timer_reads_sleeps_and_empty_iterations(loaded: ForkServerLauncher) -> None:
    arguments = {"empty_iterations": 50, "sleeps": [0.001, 0.003], "repetitions": 4}
    found = read(loaded, "calibration_timer:measure_timer", arguments)
    assert len(found["empty_seconds"]) == 50
    assert min(found["empty_seconds"]) > 0
    assert [sleep["asked_seconds"] for sleep in found["sleeps"]] == [0.001, 0.003]
    for sleep in found["sleeps"]:
        assert len(sleep["read_seconds"]) == 4
        assert min(sleep["read_seconds"]) >= sleep["asked_seconds"]
        if sys.platform == "linux":
            assert min(sleep["raw_seconds"]) >= 0.99 * sleep["asked_seconds"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak")
def test_known_allocations_are_read_as_what_they_are_also_when_they_are_gone(loaded: ForkServerLauncher) -> None:
    found = read(loaded, "calibration_memory:measure_memory", {"sizes": [32 * MIB, 96 * MIB]})
    for kind in ("held", "gone"):
        assert [one["size"] for one in found[kind]] == [32 * MIB, 96 * MIB]
        for one in found[kind]:
            assert one["read"] == pytest.approx(one["size"], abs=4 * MIB)


def test_without_a_gpu_its_meter_says_so(loaded: ForkServerLauncher) -> None:
    found = read(loaded, "calibration_memory:measure_device_memory", {"sizes": [16 * MIB]})
    if found["gone"] is None:
        assert found["reason"] == "No GPU that torch can use was found."
    else:
        assert found["gone"] == [{"size": 16 * MIB, "read": 16 * MIB}]


def test_products_are_timed_by_size_and_by_count(loaded: ForkServerLauncher) -> None:
    arguments = {"sizes": [32, 16], "counts": [1, 2], "iterations": 3}
    found = read(loaded, "calibration_products:measure_products", arguments)
    assert [one["size"] for one in found["by_size"]] == [32, 16]
    assert [one["count"] for one in found["by_count"]] == [1, 2]
    assert min(one["seconds"] for one in found["by_size"] + found["by_count"]) > 0
    product = {"size": 16, "repetitions": 3, "warmup": 1, "iterations": 3, "ticket": None}
    once = read(loaded, "calibration_products:time_product", product)
    assert once["seconds"] > 0
