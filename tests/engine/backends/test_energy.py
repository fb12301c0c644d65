"""Counters of energy, in folders and libraries like those of machines that have them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.backends.energy import (
    NvmlMeter,
    RaplMeter,
    consumed,
    energy_meter_of,
    gpu_energy,
    package_zones,
    processor_energy,
)
from engine.backends.nvml import Nvml, NvmlRefusal
from tests.engine.backends.fake_nvml import FakeBoard, FakeLibrary

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
    meter = energy_meter_of("cuda", "GPU-a")
    assert meter is not None and meter.joules() is None
    assert meter.notes == ["No energy: NVIDIA's management library (libnvidia-ml.so.1) is not here."]
    assert energy_meter_of("mps") is None


def test_a_boards_energy_is_that_between_start_and_end():
    board, clock = FakeBoard(), Clock()
    meter = NvmlMeter(Nvml(FakeLibrary(board)), "GPU-a", clock)
    board.millijoules, clock.now = 4500, 2.5
    assert meter.joules() == pytest.approx(3.5)
    assert "GPU board by NVML" in meter.notes[0]


def test_the_board_that_ran_is_read_wherever_the_library_counts_it():
    idle, busy, clock = FakeBoard("GPU-a"), FakeBoard("GPU-b", split=None), Clock()
    meter = NvmlMeter(Nvml(FakeLibrary(idle, busy)), "GPU-b", clock)
    idle.millijoules, busy.millijoules, clock.now = 1_000_000, 3000, 2.5
    assert meter.joules() == pytest.approx(2.0)


def test_a_board_that_is_not_known_has_no_energy_and_never_that_of_another():
    with pytest.raises(NvmlRefusal, match="nvmlDeviceGetHandleByUUID with Not Found"):
        NvmlMeter(Nvml(FakeLibrary(FakeBoard("GPU-a"))), "GPU-b")
    meter = energy_meter_of("cuda", None)
    assert meter is not None and meter.joules() is None
    assert meter.notes == ["No energy: torch does not tell which board it uses."]
    library = FakeLibrary()
    assert gpu_energy(None, lambda: Nvml(library)) == "not available: torch does not tell which board it uses"
    assert gpu_energy("GPU-b", lambda: Nvml(library)).endswith("nvmlDeviceGetHandleByUUID with Not Found")
    assert gpu_energy("GPU-a", lambda: Nvml(library)) == "NVML, total energy of the board"


def test_a_part_of_a_board_has_no_counter_of_its_own():
    with pytest.raises(NvmlRefusal, match="MIG splits the board, and NVML tells this of all its parts together"):
        NvmlMeter(Nvml(FakeLibrary(FakeBoard(split=True))), "GPU-a")


def test_a_board_that_counts_no_energy_is_refused_in_the_librarys_words():
    with pytest.raises(NvmlRefusal, match="nvmlDeviceGetTotalEnergyConsumption with Not Supported"):
        NvmlMeter(Nvml(FakeLibrary(FakeBoard(old=True))), "GPU-a")


def test_a_question_that_an_older_library_does_not_know_is_refused():
    class Older(FakeLibrary):
        def __getattribute__(self, name: str):
            if name == "nvmlDeviceGetComputeRunningProcesses_v3":
                raise AttributeError(name)
            return super().__getattribute__(name)

    with pytest.raises(NvmlRefusal, match="does not know nvmlDeviceGetComputeRunningProcesses_v3"):
        Nvml(Older(FakeBoard())).computing("GPU-a")
