"""Threads are the case's choice, never the calling shell's; and a process with threads is never forked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.benchmarking.server_launcher import ServerLauncher
from engine.benchmarking.server_process import measuring_environment

CHECKOUT = Path(__file__).resolve().parents[3]
FUNCTIONS = "tests.engine.benchmarking.case_functions"

_PROGRAM = f"""
import json
from engine.benchmarking.server_launcher import ServerLauncher
launcher = ServerLauncher(preload=(), environment={{}}, fresh=False, allowed_prefixes=("tests.",))
print(json.dumps(launcher.run("{FUNCTIONS}:environment", {{}}, timeout_seconds=60).value))
launcher.close()
"""


_OF_THREADS = """
    OMP_NUM_THREADS OMP_THREAD_LIMIT OMP_DYNAMIC OMP_PROC_BIND OMP_PLACES GOMP_CPU_AFFINITY KMP_AFFINITY
    MKL_NUM_THREADS MKL_DYNAMIC MKL_DOMAIN_NUM_THREADS OPENBLAS_NUM_THREADS
"""


@pytest.mark.parametrize("name", _OF_THREADS.split())
def test_what_a_shell_says_of_threads_is_left_out(name):
    assert measuring_environment({name: "1", "PATH": "/usr/bin", "MKL_CBWR": "AVX2"}) == {
        "PATH": "/usr/bin",
        "MKL_CBWR": "AVX2",
    }


def test_a_case_process_does_not_see_the_callers_thread_settings():
    shell = {**os.environ, "OMP_THREAD_LIMIT": "1", "GOMP_CPU_AFFINITY": "0", "MODELDYNO_TEST_WORD": "kept"}
    printed = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=CHECKOUT, env=shell, capture_output=True, text=True, check=True
    )
    seen = json.loads(printed.stdout)
    assert seen["MODELDYNO_TEST_WORD"] == "kept"
    assert not {"OMP_THREAD_LIMIT", "GOMP_CPU_AFFINITY"} & set(seen)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system does not count threads")
def test_a_server_that_started_threads_is_not_forked_but_cases_run_all_the_same():
    launcher = ServerLauncher(
        preload=("tests.engine.benchmarking.starts_a_thread",),
        environment={},
        fresh=False,
        allowed_prefixes=("tests.",),
    )
    try:
        outcome = launcher.run(f"{FUNCTIONS}:is_imported", {"name": "starts_a_thread"}, timeout_seconds=60)
    finally:
        launcher.close()
    assert outcome.value == {"imported": False}


def test_a_server_without_threads_is_forked_with_all_it_has_imported():
    launcher = ServerLauncher(preload=("wave",), environment={}, fresh=False, allowed_prefixes=("tests.",))
    try:
        outcome = launcher.run(f"{FUNCTIONS}:is_imported", {"name": "wave"}, timeout_seconds=60)
    finally:
        launcher.close()
    assert outcome.value == {"imported": True}
