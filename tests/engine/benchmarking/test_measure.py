"""What one case process observes, in real child processes on a linear layer whose figures are known."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from engine.backends.cores import usable_physical_cores
from engine.backends.nvml import NvmlRefusal
from engine.backends.pinning import cores_to_pin
from engine.benchmarking.cold import ColdLauncher
from engine.benchmarking.launchers import Launcher
from engine.benchmarking.measure import measuring_arguments, with_gpu_programs
from engine.domain.case import Case, Precision, Workload
from engine.domain.run import Protocol
from tests.builders import a_machine_state, a_protocol
from tests.engine.benchmarking import a_skillset_facts as known
from tests.engine.benchmarking.a_skillset_facts import SKILLSET, a_linear

FUNCTIONS = "tests.engine.benchmarking.case_functions"
MIB = 2**20


def measured(launcher: Launcher, case: Case, protocol: Protocol, *, with_facts: bool = False) -> dict[str, Any]:
    arguments = measuring_arguments(case, protocol, SKILLSET, with_facts=with_facts)
    outcome = launcher.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=120)
    assert outcome.value is not None, outcome.failure
    return outcome.value


@pytest.fixture(scope="module")
def inference(loaded) -> dict[str, Any]:
    """Seven iterations, three of them warm-up, at batch size 3."""
    protocol = a_protocol(warmup=3, min_iterations=7, max_iterations=7, max_seconds=100.0)
    return measured(loaded, a_linear(batch_size=3), protocol, with_facts=True)


@pytest.fixture(scope="module")
def startup(loaded) -> dict[str, Any]:
    return measured(loaded, a_linear(workload=Workload.STARTUP), a_protocol())


def test_latency_has_a_sample_for_each_timed_iteration_and_none_of_the_warm_up(inference):
    assert len(inference["measurements"]["latency"]) == 7
    assert "7 timed iterations; stopped because the most iterations allowed were done." in inference["notes"][0]


def test_throughput_is_items_over_the_time_of_all_timed_iterations(inference):
    seconds = inference["measurements"]["latency"]
    assert inference["measurements"]["throughput"] == [pytest.approx(3 * 7 / sum(seconds))]


def test_the_number_of_threads_is_fixed_and_recorded(loaded, inference):
    assert inference["notes"][0].startswith("1 thread, ")
    two = measured(loaded, a_linear(threads=2), a_protocol())
    assert two["notes"][0].startswith("2 threads, ")


@pytest.mark.skipif(cores_to_pin(1, os.sched_getaffinity(0)) is None, reason="there is no choice of cores")
def test_a_process_is_pinned_where_that_was_asked_for_and_says_so(loaded, inference):
    notes = measured(loaded, a_linear(), a_protocol(pinned=True))["notes"]
    assert any(note.startswith("Pinned to core ") for note in notes)
    assert not any("inned" in note for note in inference["notes"])


def test_a_process_that_cannot_be_pinned_says_why(loaded):
    many = a_linear(threads=usable_physical_cores() + 1)
    notes = measured(loaded, many, a_protocol(pinned=True))["notes"]
    assert any(note.startswith("Not pinned: ") for note in notes)
    workers = a_linear(workload=Workload.CONCURRENCY, workers=2)
    notes = measured(loaded, workers, a_protocol(pinned=True, max_seconds=0.2))["notes"]
    assert "Not pinned: several workers share the cores as the scheduler lets them." in notes


@pytest.mark.skipif(usable_physical_cores() < 2, reason="one core leaves nothing beside it")
def test_a_case_beside_others_keeps_to_its_cores_and_is_watched_on_them_alone(loaded):
    """What its neighbour uses of other cores is no disturbance."""
    last = max(os.sched_getaffinity(0))
    arguments = measuring_arguments(a_linear(threads=1), a_protocol(), SKILLSET, with_facts=False, cores=[last])
    outcome = loaded.run(f"{FUNCTIONS}:measure_telling_watched_cores", arguments, timeout_seconds=120)
    assert outcome.value is not None, outcome.failure
    assert outcome.value["affinity"] == [last]
    assert outcome.value["watched"] == [[last], [last]]
    assert any(note.startswith("Side by side: bound to 1 core of its own") for note in outcome.value["notes"])


class Watched:
    """A GPU with so many other programs, or none that anybody can tell."""

    def __init__(self, others: int | None) -> None:
        self._others = others

    def others(self, board: str | None, *, computes: bool) -> int:
        if self._others is None:
            raise NvmlRefusal("the driver does not answer")
        return self._others


@pytest.mark.parametrize(
    ("others", "noisy", "notes"),
    [
        (0, False, []),
        (1, True, ["Noisy: 1 other program computed on the same GPU."]),
        (2, True, ["Noisy: 2 other programs computed on the same GPU."]),
        (None, None, ["Whether other programs used the GPU is not known: the driver does not answer."]),
    ],
)
def test_other_programs_on_the_cases_gpu_make_it_noisy_with_a_note(others, noisy, notes):
    state, said = with_gpu_programs(a_machine_state(), Watched(others), "GPU-a", computes=True)
    assert (state.other_gpu_processes, state.is_noisy, said) == (others, noisy, notes)


def test_programs_on_a_gpu_that_the_case_does_not_use_are_nothing_to_it():
    assert with_gpu_programs(a_machine_state(), None, None, computes=False) == (a_machine_state(), [])


def test_slow_first_passes_are_discarded_as_warm_up(loaded):
    protocol = a_protocol(warmup=2, min_iterations=6, max_iterations=6, max_seconds=100.0)
    note = measured(loaded, a_linear(batch_size=known.DECLINING_AT_BATCH), protocol)["notes"][0]
    discarded = int(note.partition(", ")[2].partition(" warm-up")[0])
    assert discarded > len(known.DECLINING_SECONDS)
    assert "and 6 timed iterations" in note


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak")
def test_peak_memory_holds_what_a_pass_takes_for_a_moment(loaded, inference):
    seen = measured(loaded, a_linear(batch_size=known.MEMORY_AT_BATCH), a_protocol())
    extra = seen["measurements"]["peak_memory"][0] - inference["measurements"]["peak_memory"][0]
    assert extra == pytest.approx(known.TEMPORARY_BYTES, abs=4 * MIB)
    assert inference["measurements"]["peak_memory"][0] < 8 * MIB


def test_facts_are_those_counted_by_hand(inference):
    weights = known.WIDTH * known.WIDTH
    assert inference["facts"] == {
        "parameters": weights,
        "parameter_bytes": 4 * weights,
        "flops": 2 * 3 * known.DEFAULT_LENGTH * weights,
        "input_bytes": 4 * 3 * known.DEFAULT_LENGTH * known.WIDTH,
        "activation_bytes": 4 * 3 * known.DEFAULT_LENGTH * known.WIDTH,
    }


def test_facts_are_counted_only_when_asked_for(startup):
    assert startup["facts"] is None


def test_a_shorter_number_type_halves_the_bytes_and_not_the_parameters(loaded):
    facts = measured(loaded, a_linear(precision=Precision.BF16), a_protocol(), with_facts=True)["facts"]
    assert (facts["parameters"], facts["parameter_bytes"]) == (known.WIDTH**2, 2 * known.WIDTH**2)


def test_the_cases_own_shape_reaches_the_inputs(loaded):
    facts = measured(loaded, a_linear(sequence_length=9), a_protocol(), with_facts=True)["facts"]
    assert facts["input_bytes"] == 4 * 9 * known.WIDTH


def test_the_device_and_the_skillsets_text_are_told(inference):
    assert inference["actual_device"] == "cpu"
    assert inference["checksum"] == "0123abcd"


def test_the_machines_state_is_told_in_shares(inference):
    machine = inference["machine"]
    assert machine["available_memory_bytes"] > 0
    for share in (machine["cpu_busy_others"], machine["cpu_steal"]):
        assert share is None or 0.0 <= share <= 1.0


def test_startup_has_one_sample_of_each_step_and_no_latency(startup):
    steps = {"module_import_time", "class_instantiation_time", "model_initialization_time"}
    assert steps <= set(startup["measurements"]) <= {*steps, "peak_memory"}
    assert all(len(samples) == 1 and samples[0] > 0 for samples in startup["measurements"].values())


def test_a_warm_start_says_that_the_libraries_were_loaded(startup):
    assert startup["notes"][0].startswith("torch and transformers and what models share were loaded before")


def test_a_cold_start_loads_the_library_itself_and_says_so(startup):
    launcher = ColdLauncher()
    try:
        cold = measured(launcher, a_linear(workload=Workload.STARTUP, cold=True), a_protocol())
    finally:
        launcher.close()
    assert cold["notes"][0].startswith("Cold: a fresh interpreter, neither torch nor transformers loaded before.")
    (warm_import,), (cold_import,) = (seen["measurements"]["module_import_time"] for seen in (startup, cold))
    assert cold_import > 5 * warm_import


def test_nothing_that_a_model_imports_is_loaded_when_a_cold_start_is_timed(tmp_path):
    """Said by the skillset itself, at the moment when it is imported."""
    path = tmp_path / "tells.py"
    path.write_text(
        "import sys\n"
        "names = ('numpy', 'torch', 'transformers', 'huggingface_hub', 'onnxruntime', 'scipy')\n"
        "raise RuntimeError(f'loaded: {[name for name in names if name in sys.modules]}')\n"
    )
    case = a_linear(workload=Workload.STARTUP, cold=True)
    launcher = ColdLauncher()
    try:
        arguments = measuring_arguments(case, a_protocol(), str(path), with_facts=False)
        outcome = launcher.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=120)
    finally:
        launcher.close()
    assert outcome.failure is not None and outcome.failure.reason == "RuntimeError: loaded: []"
