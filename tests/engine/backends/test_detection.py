"""What is here and what is not, and why: in a real child process, and of stand-ins that break."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.backends import BACKENDS
from engine.backends.cores import usable_logical_cores, usable_physical_cores
from engine.backends.cpu import CpuBackend
from engine.backends.detect import status_of
from engine.backends.environment import detect_environment
from engine.backends.presence import installed_version, nvidia_gpus
from engine.backends.qnn import QnnBackend
from engine.domain.hardware import BackendStatus
from engine.errors import BackendUnavailable, UnknownName

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def statuses(loaded) -> dict[str, dict[str, object]]:
    outcome = loaded.run("engine.backends.detect:detect_backends", {}, timeout_seconds=120)
    assert outcome.value is not None, outcome.failure
    return {status["backend"]: status for status in outcome.value["backends"]}


def test_every_backend_of_the_registry_has_a_status_in_its_order(statuses):
    assert list(statuses) == BACKENDS.names()
    assert BACKENDS.names()[0] == "cpu"


def test_the_processor_is_there_with_its_library_and_precisions(statuses):
    cpu = statuses["cpu"]
    assert (cpu["available"], cpu["reason"], cpu["devices"]) == (True, None, ["cpu"])
    assert cpu["precisions"] == ["fp32", "bf16", "int8"]
    assert cpu["refused"]["fp16"] == "torch computes it by way of fp32"
    assert {"cores", "instructions", "bf16", "int8", "compile"} <= set(cpu["facts"])
    assert cpu["versions"] == {"torch": installed_version("torch")}


def test_what_is_not_available_says_why_in_a_sentence(statuses):
    for status in statuses.values():
        if not status["available"]:
            assert str(status["reason"]).endswith("."), status
            assert status["precisions"] == []


class _Broken(CpuBackend):
    name = "abacus"

    def detect(self) -> BackendStatus:
        raise OSError("libabacus.so: cannot open shared object file")


def test_a_library_that_breaks_while_it_is_asked_is_unavailable_with_what_it_said():
    status = status_of(_Broken())
    assert (status.backend, status.available) == ("abacus", False)
    assert status.reason == "Asking for it failed: OSError: libabacus.so: cannot open shared object file"


def test_a_backend_that_is_not_here_refuses_to_run_and_says_why():
    with pytest.raises(BackendUnavailable, match="Backend 'qnn' cannot run here: onnxruntime-qnn") as refusal:
        QnnBackend().prepare(None)
    assert refusal.value.field == "backends"


def test_an_unknown_backend_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean cuda"):
        BACKENDS.get("cudda")


def test_threads_are_as_many_as_asked_for_else_one_for_each_core(loaded):
    asked = loaded.run(f"{__name__}:prepare_processor", {"threads": 1}, timeout_seconds=120)
    left_open = loaded.run(f"{__name__}:prepare_processor", {"threads": None}, timeout_seconds=120)
    assert asked.value == {"told": 1, "torch": 1, "cores": left_open.value["cores"]}
    assert left_open.value["told"] == left_open.value["torch"] == left_open.value["cores"]


def prepare_processor(arguments: dict[str, object]) -> dict[str, object]:
    """Runs in a child process."""
    import torch

    told = BACKENDS.get("cpu").prepare(arguments["threads"])
    return {"told": told, "torch": torch.get_num_threads(), "cores": usable_physical_cores()}


def test_the_environment_is_the_same_each_time_and_found_without_importing_torch():
    code = (
        "import sys; from engine.backends.environment import detect_environment as detect;"
        "print(detect().environment_id, *sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert printed.stdout.split() == [detect_environment().environment_id]


@pytest.mark.skipif(usable_logical_cores() == 1, reason="there is but one core")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_fewer_cores_are_another_environment():
    code = (
        "import os; from engine.backends.environment import detect_environment as detect;"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); found = detect();"
        "print(found.environment_id, found.physical_cores, found.logical_cores)"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    environment_id, physical, logical = printed.stdout.split()
    assert (physical, logical) == ("1", "1")
    assert environment_id != detect_environment().environment_id


def test_the_first_installed_distribution_gives_the_version():
    assert installed_version("no-such-distribution-0", "pytest") == pytest.__version__
    assert installed_version("no-such-distribution-0") is None


@pytest.mark.skipif(Path("/proc/driver/nvidia/gpus").exists(), reason="an NVIDIA driver is here")
def test_without_a_driver_there_are_no_gpus():
    assert nvidia_gpus() == ()


@pytest.mark.parametrize(("boards", "kept"), [(("A100", "T4"), True), (("A100",), False), ((), False)])
def test_which_of_several_boards_a_case_runs_on_is_part_of_its_environment(monkeypatch, boards, kept: bool):
    """Results of two boards of one machine would replace each other otherwise."""
    monkeypatch.setattr("engine.backends.environment.nvidia_gpus", lambda: boards)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    first = detect_environment()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    second = detect_environment()
    assert (first.environment_id != second.environment_id) is kept
    assert second.accelerators == ((*boards, "CUDA_VISIBLE_DEVICES=1") if kept else boards)
