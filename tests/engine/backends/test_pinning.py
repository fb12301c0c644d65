"""Which cores a case gets, on topologies written by hand; and that a process really keeps to them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.backends.cores import usable_physical_cores
from engine.backends.pinning import cores_to_pin, no_choice, pinning_possibility, slots_of

CHECKOUT = Path(__file__).resolve().parents[3]


def a_topology(folder: Path, *cores: tuple[int, ...]) -> Path:
    """Each core with the numbers of its hyper-threads."""
    for siblings in cores:
        for number in siblings:
            topology = folder / f"cpu{number}" / "topology"
            topology.mkdir(parents=True)
            (topology / "thread_siblings_list").write_text(f"{','.join(map(str, siblings))}\n")
    return folder


def test_threads_get_a_physical_core_each_and_leave_the_first_one_to_interrupts(tmp_path):
    topology = a_topology(tmp_path, (0, 4), (1, 5), (2, 6), (3, 7))
    assert cores_to_pin(2, range(8), topology) == (2, 3)
    assert cores_to_pin(1, range(8), topology) == (3,)


def test_cores_that_this_process_may_not_use_are_no_choice(tmp_path):
    topology = a_topology(tmp_path, (0, 4), (1, 5), (2, 6), (3, 7))
    assert cores_to_pin(1, (0, 1, 4, 5), topology) == (1,)
    assert cores_to_pin(2, (0, 1, 4, 5), topology) == (0, 1)


def test_as_many_threads_as_physical_cores_are_kept_from_each_others_hyper_threads(tmp_path):
    topology = a_topology(tmp_path, (0, 2), (1, 3))
    assert cores_to_pin(2, range(4), topology) == (0, 1)
    assert no_choice(2, range(4), topology) is None


def test_without_hyper_threads_as_many_threads_as_cores_leave_nothing_to_choose(tmp_path):
    topology = a_topology(tmp_path, (0,), (1,))
    assert cores_to_pin(2, range(2), topology) is None
    assert no_choice(2, range(2), topology) == "as many cores as threads, 2, leave nothing to choose"


def test_more_threads_than_physical_cores_are_not_crowded(tmp_path):
    topology = a_topology(tmp_path, (0, 2), (1, 3))
    assert cores_to_pin(3, range(4), topology) is None
    assert no_choice(3, range(4), topology) == "3 threads are more than the 2 physical cores"


def test_slots_have_physical_cores_of_their_own(tmp_path):
    topology = a_topology(tmp_path, (0, 4), (1, 5), (2, 6), (3, 7))
    assert slots_of(2, range(8), topology) == [(0, 1), (2, 3)]
    assert slots_of(1, range(8), topology) == [(0,), (1,), (2,), (3,)]
    assert slots_of(1, (0, 4, 1), topology) == [(0,), (1,)]


def test_one_slot_is_none_because_there_is_nothing_beside(tmp_path):
    topology = a_topology(tmp_path, (0, 2), (1, 3))
    assert slots_of(2, range(4), topology) == []
    assert slots_of(1, (0, 2), topology) == []
    assert slots_of(1, range(4), tmp_path / "nothing") == []


def test_what_can_be_pinned_here_is_told_with_its_limits(tmp_path):
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(allowed) < 2:
        pytest.skip("there is but one core")
    said = pinning_possibility(a_topology(tmp_path, *((number,) for number in allowed)))
    least = "one thread" if len(allowed) == 2 else f"up to {len(allowed) - 1} threads"
    assert said.endswith(f"--pin does it for cases with {least}, not for workers")


def test_a_kernel_that_does_not_tell_leaves_the_choice_to_the_scheduler(tmp_path):
    assert cores_to_pin(1, range(4), tmp_path) is None
    assert no_choice(1, range(4), tmp_path) == "the kernel does not tell which logical cores lie together"
    assert "nothing to choose" in pinning_possibility(tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
@pytest.mark.skipif(usable_physical_cores() < 2, reason="there is but one core")
def test_a_process_is_bound_and_says_to_what():
    code = (
        "import os; from engine.backends.pinning import pin_to_cores;"
        "before = os.sched_getaffinity(0); note = pin_to_cores(1); (core,) = os.sched_getaffinity(0);"
        "assert core in before and note == f'Pinned to core {core}.', note;"
        "assert pin_to_cores(1) == 'Not pinned: as many cores as threads, 1, leave nothing to choose.'"
    )
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)
