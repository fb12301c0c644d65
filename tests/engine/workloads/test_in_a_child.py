"""The memory meter against known allocations, the check of outputs, and the count of operations: in real processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from tests.engine.workloads import a_slow_skillset_facts as slow

MIB = 2**20
SLACK = 3 * MIB
"""What an interpreter may take or give back on its own meanwhile."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak")


def value_of(launcher: ForkServerLauncher, function: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    called = f"tests.engine.workloads.child_functions:{function}"
    outcome = launcher.run(called, arguments or {}, timeout_seconds=120)
    assert outcome.value is not None, outcome.failure
    return outcome.value


@linux_only
def test_the_peak_is_what_is_held_and_what_a_pass_takes_for_a_moment(loaded):
    seen = value_of(loaded, "hold_and_let_go", {"built": 64 * MIB, "temporary": 32 * MIB})
    assert seen["busy"] == pytest.approx(96 * MIB, abs=SLACK)
    assert seen["idle"] == pytest.approx(64 * MIB, abs=SLACK)
    assert 0 <= seen["afterwards"] < SLACK
    assert seen["notes"] == []


@linux_only
def test_pages_of_files_are_no_memory_of_the_model(loaded, tmp_path: Path):
    path = tmp_path / "library"
    path.write_bytes(b"\1" * (48 * MIB))
    seen = value_of(loaded, "read_a_file", {"path": str(path)})
    assert seen["pages"] > 0
    assert seen["peak"] < SLACK


@linux_only
def test_the_peak_of_warm_passes_forgets_what_building_the_model_took(loaded):
    starting = value_of(loaded, "exercise_the_slow_skillset", {"workload": "startup"})
    assert starting["peak_memory"] > slow.BUILDING_BYTES - SLACK
    warm = value_of(loaded, "exercise_the_slow_skillset", {"workload": "inference"})
    assert warm["peak_memory"] < slow.BUILDING_BYTES / 2


def test_each_step_of_starting_up_has_its_own_time(loaded):
    seconds = value_of(loaded, "exercise_the_slow_skillset", {"workload": "startup"})
    assert seconds["module_import_time"] >= slow.IMPORT_SECONDS
    assert seconds["class_instantiation_time"] >= slow.LOAD_SECONDS
    assert seconds["model_initialization_time"] >= slow.FIRST_PASS_SECONDS
    steps = seconds["module_import_time"], seconds["class_instantiation_time"], seconds["model_initialization_time"]
    assert sum(steps) <= seconds["whole"]


def on_a_device(loaded, workload: str, *, context: float = 0.4, launch: float = 0.0, device: float = 0.001) -> Any:
    arguments = {
        "workload": workload,
        "context_seconds": context,
        "launch_seconds": launch,
        "device_seconds": device,
    }
    return value_of(loaded, "exercise_on_a_device_that_is_opened", arguments)


def test_opening_a_device_is_a_part_of_starting_up_and_told(loaded):
    seen = on_a_device(loaded, "startup")
    assert seen["samples"]["class_instantiation_time"][0] >= slow.LOAD_SECONDS + 0.4
    (note,) = [note for note in seen["notes"] if "begins with opening the context of cuda:0" in note]
    assert float(note.partition("in this process: ")[2].partition(" s of it.")[0]) >= 0.4
    assert seen["board"] == "GPU-a"


def test_workers_open_the_device_within_the_time_in_which_they_load(loaded):
    seen = on_a_device(loaded, "concurrency")
    assert 2 / seen["samples"]["models_per_second"][0] >= slow.LOAD_SECONDS + slow.FIRST_PASS_SECONDS + 0.4
    assert seen["board"] == "GPU-a"


def test_throughput_is_over_wall_time_where_latency_is_the_devices(loaded):
    seen = on_a_device(loaded, "inference", context=0.0, launch=0.05)
    assert set(seen["samples"]["latency"]) == {0.001}
    assert 1 / seen["samples"]["throughput"][0] >= 0.05
    assert any(
        note.startswith("Latency is by the device's own events; throughput is over wall") for note in seen["notes"]
    )
    assert seen["board"] == "GPU-a"


def test_outputs_that_are_no_answer_are_told_with_their_fault(loaded):
    said = value_of(loaded, "judge_outputs")
    assert said == {
        "nothing": "The forward pass returned no outputs.",
        "good": None,
        "half": None,
        "whole_numbers": None,
        "nan": "Output nan has 1 of 2 values that are not finite.",
        "infinite": "Output infinite has 1 of 2 values that are not finite.",
        "empty": "Every output is empty.",
        "one_row": "No output has rows for a batch of 2: one_row [1, 3].",
        "no_rows": "No output has rows for a batch of 2: no_rows [].",
        "masked": None,
        "a_loss": None,
    }


def test_operations_are_those_counted_by_hand(loaded):
    counted = value_of(loaded, "count_operations_of")
    assert counted["linear"] == 2 * (3 * 7) * 8 * 16
    assert counted["convolution"] == 2 * 2 * 5 * 10 * (3 * 4)
    assert counted["attention"] == 2 * (2 * 4) * (2 * 10 * 10 * 8)
    assert counted["addition"] is None


def test_a_model_that_looks_at_values_without_numbers_is_uncountable_with_the_reason(loaded):
    reason = value_of(loaded, "count_operations_of")["reason"]
    assert "Error: " in reason
    assert "\n" not in reason


def test_activations_are_followed_from_their_making_to_their_end(loaded):
    seen = value_of(loaded, "follow_activations")
    assert seen == {"chain": 2 * 4096, "held": 5 * 4096, "views": 0, "none": 0}


def test_attention_without_numbers_is_the_kernel_that_will_run(loaded):
    seen = value_of(loaded, "attend_on_meta")
    assert seen["meta"]["operations"] == seen["cpu"]["operations"] == seen["causal"]["operations"] > 0
    assert seen["meta"]["peak"] == seen["cpu"]["peak"] < 4 * 256 * 256 * 4, "no matrix of scores is made"


def test_a_question_about_numbers_that_are_not_there_is_answered_no(loaded):
    assert value_of(loaded, "ask_on_meta") == {"operations": 2 * 8**3, "peak": 8 * 8 * 4}


def test_a_convolution_holds_copies_of_what_it_reads_and_makes(loaded):
    value, weight, made = 3 * 16 * 16 * 4, 4 * 3 * 3 * 3 * 4, 4 * 16 * 16 * 4
    assert value_of(loaded, "convolve_on_meta") == {"peak": made + value + weight + made}
