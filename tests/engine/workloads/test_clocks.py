"""Clocks, boost and heat, in folders like those of machines that tell; and what is said before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.workloads.clocks import Clocks
from engine.workloads.machine import MachineWatch
from engine.workloads.preflight import warnings_of
from tests.builders import a_machine_state


def written(root: Path, **files: str) -> Clocks:
    """Files by their path with double underscores for slashes."""
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return Clocks(root=root)


def test_one_governor_is_told_once_and_several_by_all_names(tmp_path):
    same = written(tmp_path, cpu0__cpufreq__scaling_governor="powersave", cpu1__cpufreq__scaling_governor="powersave")
    assert same.governor() == "powersave"
    written(tmp_path, cpu1__cpufreq__scaling_governor="performance")
    assert same.governor() == "performance, powersave"


@pytest.mark.parametrize(
    ("file", "text", "boost"),
    [
        ("intel_pstate__no_turbo", "1", False),
        ("intel_pstate__no_turbo", "0", True),
        ("cpufreq__boost", "1", True),
        ("cpufreq__boost", "0", False),
    ],
)
def test_boost_is_read_from_intels_driver_or_the_general_interface(tmp_path, file, text, boost):
    assert written(tmp_path, **{file: text}).boost() is boost


def test_a_machine_that_tells_nothing_is_not_guessed_at(tmp_path):
    clocks = Clocks(root=tmp_path)
    assert (clocks.governor(), clocks.boost(), clocks.throttles()) == (None, None, None)
    state = MachineWatch(clocks=clocks).state()
    assert (state.governor, state.boost, state.throttled) == (None, None, None)


def test_a_measurement_is_throttled_when_the_kernel_counted_one_meanwhile(tmp_path):
    clocks = written(
        tmp_path,
        cpu0__thermal_throttle__core_throttle_count="3",
        cpu1__thermal_throttle__core_throttle_count="4",
    )
    watch = MachineWatch(clocks=clocks)
    assert watch.state().throttled is False
    written(tmp_path, cpu1__thermal_throttle__core_throttle_count="5")
    assert watch.state().throttled is True


def test_heat_makes_a_result_noisy_like_other_programs_do():
    assert a_machine_state(throttled=True).is_noisy is True
    assert a_machine_state(throttled=False).is_noisy is False


def test_other_programs_on_the_gpu_make_a_result_noisy_whatever_the_processor_does():
    assert a_machine_state(other_gpu_processes=1).is_noisy is True
    assert a_machine_state(other_gpu_processes=1, cpu_busy_others=None, cpu_steal=None).is_noisy is True
    assert a_machine_state(other_gpu_processes=0).is_noisy is False


def test_a_quiet_machine_needs_no_warning():
    assert warnings_of(a_machine_state(governor="performance", other_gpu_processes=0)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cpu_busy_others": 0.43}, "Other programs use 43% of the processor; close them"),
        ({"cpu_steal": 0.2}, "The hypervisor gives 20% of the processor to other machines"),
        ({"governor": "powersave"}, "The clock governor is powersave"),
        ({"available_memory_bytes": 100 * 2**20}, "Only 100 MiB of memory are free"),
        ({"other_gpu_processes": 1}, "1 other program computes on the GPU"),
    ],
)
def test_each_disturbance_is_told_with_a_remedy(changes, words):
    (warning,) = warnings_of(a_machine_state(**changes))
    assert warning.startswith(words) and warning.endswith(".")


def test_what_is_not_readable_is_no_warning():
    assert warnings_of(a_machine_state(cpu_busy_others=None, cpu_steal=None)) == []
