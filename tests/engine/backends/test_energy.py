"""Counters of energy, in folders and libraries like those of machines that have them."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from engine.backends.energy import NvmlMeter, RaplMeter, consumed, energy_meter_of, package_zones, processor_energy
from engine.backends.nvml import Nvml, NvmlRefusal

RANGE = 262_143_328_850


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_zone(powercap: Path, folder: str, name: str, microjoules: int) -> Path:
    zone = powercap / folder
    zone.mkdir(parents=True)
    (zone / "name").write_text(f"{name}\n")
    (zone / "energy_uj").write_text(f"{microjoules}\n")
    (zone / "max_energy_range_uj").write_text(f"{RANGE}\n")
    return zone / "energy_uj"


def test_only_whole_packages_count(tmp_path):
    a_zone(tmp_path, "intel-rapl:0", "package-0", 5)
    a_zone(tmp_path, "intel-rapl:0:0", "core", 3)
    a_zone(tmp_path, "intel-rapl:1", "package-1", 5)
    a_zone(tmp_path, "intel-rapl:2", "psys", 50)
    assert [zone.name for zone in package_zones(tmp_path)] == ["package-0", "package-1"]
    assert processor_energy(tmp_path) == "RAPL, package-0, package-1"


def test_joules_are_those_of_all_packages_between_start_and_end(tmp_path):
    first = a_zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    second = a_zone(tmp_path, "intel-rapl:1", "package-1", 7_000_000)
    clock = Clock()
    meter = RaplMeter(package_zones(tmp_path), clock)
    first.write_text("2000000")
    meter.start()
    clock.now, _ = 0.5, first.write_text("5000000")
    second.write_text("7500000")
    assert meter.joules() == pytest.approx(3.5)
    assert meter.notes == ["Energy is that of 2 processor packages by RAPL, idle power and other programs included."]


def test_a_counter_that_started_again_is_read_across_its_end():
    assert consumed(RANGE - 100, 50, RANGE) == 150
    assert consumed(100, 250, RANGE) == 150


def test_too_short_a_time_gives_no_figure_and_says_so(tmp_path):
    a_zone(tmp_path, "intel-rapl:0", "package-0", 0)
    clock = Clock()
    meter = RaplMeter(package_zones(tmp_path), clock)
    clock.now = 0.02
    assert meter.joules() is None
    assert meter.notes == ["No energy: 0.02 s of iterations are too short for the counter, which needs 0.1 s."]


def test_without_a_counter_the_reason_is_told(tmp_path):
    assert processor_energy(tmp_path).startswith("not available: the kernel shows no RAPL counter")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_counter_that_only_root_may_read_is_told_with_its_remedy(tmp_path):
    a_zone(tmp_path, "intel-rapl:0", "package-0", 0).chmod(0)
    assert "may be read by root alone; an administrator can let a group read it" in processor_energy(tmp_path)


def test_a_counter_that_says_nonsense_is_none(tmp_path):
    a_zone(tmp_path, "intel-rapl:0", "package-0", 0).write_text("")
    assert processor_energy(tmp_path).startswith("not available: ")


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="an NVIDIA driver is here")
def test_a_gpu_that_is_not_here_has_no_meter():
    assert energy_meter_of("cuda") is None
    assert energy_meter_of("mps") is None


class FakeLibrary:
    """Answers as libnvidia-ml does, for one board; `old` boards count no energy."""

    def __init__(self, *, old: bool = False) -> None:
        self.millijoules = 1000
        self.old = old
        self.nvmlErrorString = lambda status: {3: b"Not Supported"}[status]

    def nvmlInit_v2(self) -> int:  # noqa: N802 - the library's name, as below
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, handle: object) -> int:  # noqa: N802
        assert index == 0
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, board: object, energy: object) -> int:  # noqa: N802
        ctypes.cast(energy, ctypes.POINTER(ctypes.c_ulonglong))[0] = self.millijoules
        return 3 if self.old else 0

    def nvmlDeviceGetComputeRunningProcesses_v3(self, board: object, number: object, found: object) -> int:  # noqa: N802
        ctypes.cast(number, ctypes.POINTER(ctypes.c_uint))[0] = 2
        found[0].pid, found[1].pid = 11, 22
        return 0


def test_a_boards_energy_is_that_between_start_and_end():
    library, clock = FakeLibrary(), Clock()
    meter = NvmlMeter(Nvml(library), 0, clock)
    library.millijoules, clock.now = 4500, 2.5
    assert meter.joules() == pytest.approx(3.5)
    assert "GPU board by NVML" in meter.notes[0]


def test_a_board_that_counts_no_energy_is_refused_in_the_librarys_words():
    with pytest.raises(NvmlRefusal, match="nvmlDeviceGetTotalEnergyConsumption with Not Supported"):
        NvmlMeter(Nvml(FakeLibrary(old=True)), 0)


def test_a_question_that_an_older_library_does_not_know_is_refused():
    with pytest.raises(NvmlRefusal, match="does not know nvmlDeviceGetTemperature"):
        Nvml(FakeLibrary()).temperature_celsius(0)


def test_processes_that_compute_are_told_by_their_ids():
    assert Nvml(FakeLibrary()).computing(0) == [11, 22]
