"""Which programs on a GPU are others: own ones are told by their ids, on the board that the case ran on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.backends.available_memory import free_gpu_bytes
from engine.backends.gpu_watch import GpuWatch, of_this_session, programs_on_all_gpus
from engine.backends.nvml import Nvml, NvmlRefusal
from tests.engine.backends.fake_nvml import FakeBoard, FakeLibrary

OWN = (100, 101, 102)


class Machine:
    """Boards whose programs change while a case is watched."""

    def __init__(self, *boards: FakeBoard) -> None:
        self.boards = boards
        self.nvml = Nvml(FakeLibrary(*boards))

    def watch(self) -> GpuWatch:
        return GpuWatch(lambda: self.nvml, is_own=OWN.__contains__)


def no_library() -> Nvml:
    raise NvmlRefusal("it is not here")


def test_a_case_alone_on_its_board_has_no_others():
    machine = Machine(FakeBoard())
    watch = machine.watch()
    machine.boards[0].pids = [100]
    assert watch.others("GPU-a", computes=True) == 0


def test_every_process_that_is_not_the_cases_own_counts():
    machine = Machine(FakeBoard(pids=[7]))
    watch = machine.watch()
    machine.boards[0].pids = [7, 100, 8]
    assert watch.others("GPU-a", computes=True) == 2


def test_one_other_is_seen_beside_workers_that_have_left_or_are_still_there():
    machine = Machine(FakeBoard(pids=[7]))
    watch = machine.watch()
    assert watch.others("GPU-a", computes=False) == 1
    machine.boards[0].pids = [7, 101, 102]
    assert watch.others("GPU-a", computes=False) == 1


def test_one_that_has_ended_meanwhile_disturbed_as_well():
    machine = Machine(FakeBoard(pids=[7]))
    watch = machine.watch()
    machine.boards[0].pids = [100]
    assert watch.others("GPU-a", computes=True) == 1


def test_programs_on_other_boards_do_not_disturb():
    machine = Machine(FakeBoard("GPU-a", pids=[7, 8]), FakeBoard("GPU-b"))
    watch = machine.watch()
    machine.boards[1].pids = [100]
    assert watch.others("GPU-b", computes=True) == 0


def test_in_a_container_one_id_that_came_meanwhile_is_the_cases_own():
    machine = Machine(FakeBoard(pids=[7]))
    watch = machine.watch()
    machine.boards[0].pids = [7, 54_321]
    assert watch.others("GPU-a", computes=True) == 1
    machine.boards[0].pids = [7, 54_321, 54_322]
    assert watch.others("GPU-a", computes=True) == 2


def test_a_board_that_is_not_told_or_not_there_has_no_number():
    machine = Machine(FakeBoard())
    with pytest.raises(NvmlRefusal, match="does not tell which board it uses"):
        machine.watch().others(None, computes=True)
    with pytest.raises(NvmlRefusal, match="Not Found"):
        machine.watch().others("GPU-b", computes=True)
    with pytest.raises(NvmlRefusal, match="not here"):
        GpuWatch(no_library).others("GPU-a", computes=True)


def test_before_a_run_programs_on_all_boards_are_counted():
    machine = Machine(FakeBoard("GPU-a", pids=[7, 8]), FakeBoard("GPU-b", pids=[8, 9]))
    assert programs_on_all_gpus(lambda: machine.nvml) == 3
    assert programs_on_all_gpus(no_library) is None


@pytest.mark.skipif(not hasattr(os, "getsid"), reason="no sessions on this system")
def test_a_process_is_ones_own_within_the_session_alone():
    assert of_this_session(os.getpid())
    quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    for own_session in (False, True):
        with subprocess.Popen([sys.executable, "-c", "input()"], start_new_session=own_session, **quiet) as child:
            assert of_this_session(child.pid) is not own_session
            child.communicate(b"\n")


def test_free_memory_is_that_of_the_board_that_is_named():
    nvml = Nvml(FakeLibrary(FakeBoard("GPU-a", free_bytes=5), FakeBoard("GPU-b", free_bytes=7)))
    assert free_gpu_bytes("GPU-b", lambda: nvml) == 7
    assert free_gpu_bytes(None, lambda: nvml) is None
    assert free_gpu_bytes("GPU-c", lambda: nvml) is None
    assert free_gpu_bytes("GPU-a", lambda: Nvml(FakeLibrary(FakeBoard(free_bytes=5, split=True)))) is None
