"""Limits of containers and services, from folders laid out as the kernel lays them out."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from engine.backends.available_memory import available_memory_bytes
from engine.backends.control_group import ControlGroups
from engine.backends.cores import distinct_cores, usable_logical_cores, usable_physical_cores

MIB = 2**20


def groups(folder: Path, files: dict[str, str], membership: str = "0::/\n") -> ControlGroups:
    """The control groups of a process that lives in `membership`, with these control files."""
    for name, text in files.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    (folder / "membership").write_text(membership)
    return ControlGroups(root=folder / "cgroup", membership=folder / "membership")


def test_without_groups_there_are_no_limits(tmp_path):
    none = ControlGroups(root=tmp_path / "absent", membership=tmp_path / "absent")
    assert (none.processor_limit(), none.memory_limit_bytes(), none.free_memory_bytes()) == (None, None, None)


def test_a_group_without_a_limit_says_max(tmp_path):
    free = groups(tmp_path, {"cpu.max": "max 100000", "memory.max": "max", "memory.current": "4096"})
    assert (free.processor_limit(), free.memory_limit_bytes(), free.free_memory_bytes()) == (None, None, None)


def test_the_quota_is_processors_worth_of_time(tmp_path):
    assert groups(tmp_path, {"cpu.max": "150000 100000"}).processor_limit() == 1.5


def test_file_pages_that_the_kernel_can_drop_count_as_free(tmp_path):
    files = {
        "memory.max": str(1000 * MIB),
        "memory.current": str(900 * MIB),
        "memory.stat": f"anon {300 * MIB}\nfile {600 * MIB}\ninactive_file {500 * MIB}\nactive_file {100 * MIB}",
    }
    assert groups(tmp_path, files).free_memory_bytes() == 600 * MIB
    assert groups(tmp_path, files).memory_limit_bytes() == 1000 * MIB


def test_more_used_than_allowed_leaves_nothing(tmp_path):
    assert groups(tmp_path, {"memory.max": "100", "memory.current": "120"}).free_memory_bytes() == 0


def test_the_tightest_of_the_groups_around_a_process_counts(tmp_path):
    files = {
        "cpu.max": "max 100000",
        "user.slice/cpu.max": "100000 100000",
        "user.slice/bench.service/cpu.max": "400000 100000",
        "user.slice/memory.max": str(300 * MIB),
        "user.slice/memory.current": str(100 * MIB),
        "user.slice/bench.service/memory.max": str(900 * MIB),
        "user.slice/bench.service/memory.current": str(50 * MIB),
        "elsewhere/cpu.max": "10000 100000",
    }
    found = groups(tmp_path, files, "1:name=systemd:/x\n0::/user.slice/bench.service\n")
    assert found.processor_limit() == 1.0
    assert found.memory_limit_bytes() == 300 * MIB
    assert found.free_memory_bytes() == 200 * MIB


def test_a_membership_that_leads_out_of_the_tree_is_not_followed(tmp_path):
    (tmp_path / "cpu.max").write_text("10000 100000")
    assert groups(tmp_path, {"cpu.max": "200000 100000"}, "0::/../..\n").processor_limit() == 2.0


def test_the_older_groups_are_understood_too(tmp_path):
    files = {
        "cpu/cpu.cfs_quota_us": "50000",
        "cpu/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": str(800 * MIB),
        "memory/memory.usage_in_bytes": str(700 * MIB),
        "memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {200 * MIB}",
    }
    found = groups(tmp_path, files)
    assert found.processor_limit() == 0.5
    assert found.free_memory_bytes() == 300 * MIB
    assert groups(tmp_path, {"cpu/cpu.cfs_quota_us": "-1"}).processor_limit() is None


@pytest.mark.parametrize(("quota", "cores"), [("1000 100000", 1), ("100000 100000", 1), ("max 100000", None)])
def test_a_quota_bounds_the_cores_and_never_to_none(tmp_path, quota, cores):
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert usable_logical_cores(groups(tmp_path, {"cpu.max": quota})) == (cores or allowed)


def test_the_memory_of_a_group_bounds_that_of_the_machine(tmp_path):
    tight = groups(tmp_path, {"memory.max": str(8 * MIB), "memory.current": str(3 * MIB)})
    assert available_memory_bytes(tight) == 5 * MIB
    huge = groups(tmp_path, {"memory.max": str(2**60), "memory.current": "0"})
    assert available_memory_bytes(huge) <= psutil.virtual_memory().total


def test_two_hyper_threads_of_one_core_are_one_core(tmp_path):
    for number, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        folder = tmp_path / f"cpu{number}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{siblings}\n")
    assert distinct_cores({0, 1, 2, 3}, tmp_path) == 2
    assert distinct_cores({0, 2}, tmp_path) == 1
    assert distinct_cores({0, 1}, tmp_path) == 2


def test_a_kernel_without_a_topology_tells_no_cores(tmp_path):
    assert distinct_cores({0, 1}, tmp_path) is None


def test_a_thread_each_is_never_more_than_the_scheduler_allows():
    assert 1 <= usable_physical_cores() <= usable_logical_cores()
