"""What planning asks of this machine, and what it says of what nobody could tell it."""

from __future__ import annotations

from engine.domain.run import SizeChoice
from engine.workflows.plan_run import plan_run
from tests.builders import a_request
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import Open


def test_memory_of_a_gpu_that_nobody_tells_is_not_taken_for_the_machines_and_said(open_workbench: Open) -> None:
    """The driver's library of NVIDIA knows nothing of AMD's GPUs, wherever this runs."""
    workbench = open_workbench(FakeLauncher(backends=("cpu", "rocm")))
    said: list[str] = []
    request = a_request("bert", backends=("cpu", "rocm"), size=SizeChoice.DEFAULT)
    plan = plan_run(workbench, request, on_log=said.append)
    assert {item.case.backend for item in plan.planned} == {"cpu", "rocm"}
    assert plan.unchecked == ("rocm",)
    assert "How much memory is free on rocm is not known, so whether cases fit there was not checked." in said


def test_on_the_processor_every_case_is_checked(open_workbench: Open) -> None:
    workbench = open_workbench(FakeLauncher(backends=("cpu", "rocm")))
    said: list[str] = []
    assert plan_run(workbench, a_request("bert", size=SizeChoice.DEFAULT), on_log=said.append).unchecked == ()
    assert not any("was not checked" in line for line in said)
