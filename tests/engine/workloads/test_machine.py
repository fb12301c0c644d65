"""Who else used the processors, from two readings of the kernel's counters."""

from __future__ import annotations

import os
import time

import pytest

from engine.workloads.machine import MachineWatch, Ticks, read_ticks, taken_by_others
from engine.workloads.settings import settings_notes
from tests.builders import a_machine_state

BEFORE = Ticks(total=10_000, busy=4_000, steal=10)


def test_what_this_process_used_is_not_laid_to_others():
    after = Ticks(total=10_400, busy=4_260, steal=10)
    assert taken_by_others(BEFORE, after, own=200.0) == (pytest.approx(60 / 400), 0.0)


def test_the_hypervisors_share_is_told_apart():
    after = Ticks(total=10_400, busy=4_200, steal=50)
    assert taken_by_others(BEFORE, after, own=200.0) == (0.0, pytest.approx(0.1))


def test_counting_in_whole_ticks_never_makes_a_share_negative():
    after = Ticks(total=10_400, busy=4_199, steal=10)
    assert taken_by_others(BEFORE, after, own=200.4) == (0.0, 0.0)


def test_ticks_of_some_cores_are_theirs_alone():
    whole = read_ticks()
    if whole is None:
        pytest.skip("this system has no /proc/stat")
    cores = range(os.cpu_count() or 1)
    each = [read_ticks([core]) for core in cores]
    assert all(one is not None and 0 < one.total <= whole.total * 1.01 for one in each)
    together = read_ticks(cores)
    assert together is not None
    assert together.total == pytest.approx(whole.total, rel=0.01)
    assert read_ticks([10_000]) is None


def test_the_watch_counts_its_own_seconds_in_the_kernels_ticks():
    readings = iter([BEFORE, Ticks(total=10_400, busy=4_300, steal=10)])
    began = time.process_time()
    watch = MachineWatch(lambda: next(readings))
    while time.process_time() - began < 0.6:
        pass
    state = watch.state()
    own_ticks = (time.process_time() - began) * os.sysconf("SC_CLK_TCK")
    assert state.cpu_busy_others == pytest.approx((300 - own_ticks) / 400, abs=0.03)


def test_without_passed_time_nobody_can_tell():
    assert taken_by_others(BEFORE, BEFORE, own=0.0) == (None, None)


@pytest.mark.parametrize(
    ("others", "steal", "noisy"),
    [
        (0.0, 0.0, False),
        (0.05, 0.05, False),
        (0.051, 0.0, True),
        (0.0, 0.051, True),
        (None, None, None),
        (None, 0.051, True),
        (None, 0.0, None),
    ],
)
def test_more_than_a_twentieth_for_somebody_else_is_noisy_and_unread_is_not_quiet(others, steal, noisy):
    assert a_machine_state(cpu_busy_others=others, cpu_steal=steal).is_noisy is noisy


def test_a_shell_that_can_change_the_figures_is_named():
    shell = {"LD_PRELOAD": "/lib/libjemalloc.so", "HOME": "/home/someone", "DNNL_MAX_CPU_ISA": "AVX2"}
    (note,) = settings_notes(shell)
    assert "DNNL_MAX_CPU_ISA=AVX2, LD_PRELOAD=/lib/libjemalloc.so." in note
    assert "HOME" not in note


def test_an_ordinary_shell_needs_no_note():
    assert settings_notes({"HOME": "/home/someone", "PATH": "/usr/bin"}) == []
