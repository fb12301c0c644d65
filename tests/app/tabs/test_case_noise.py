"""What disturbed a case's measurements, beside its figures."""

from __future__ import annotations

from app.views.case_details import case_details
from engine.domain.hardware import MachineState
from engine.domain.measurement import Metric
from tests.app.tabs.component_tree import text_of
from tests.builders import a_machine_state, a_summary


def said(is_noisy: bool | None, *machines: MachineState) -> str:
    summary = a_summary(is_noisy=is_noisy, machines=machines)
    return text_of(case_details(summary, metric=Metric.LATENCY, baseline=None, comparison=None, theme="light"))


def test_programs_on_the_gpu_are_named_as_such_and_not_as_work_of_the_processor() -> None:
    found = said(True, a_machine_state(), a_machine_state(other_gpu_processes=2))
    assert "up to 2 other programs computed on the GPU" in found
    assert "of the CPU" not in found


def test_without_the_machines_state_the_cause_is_left_open() -> None:
    assert "other work disturbed it" in said(True)
    assert "quiet enough" in said(False, a_machine_state())
    assert "not known, too short to tell" in said(None)


def test_a_gpu_that_nobody_can_look_at_is_the_reason_and_not_a_short_measurement() -> None:
    found = said(None, a_machine_state(is_gpu_untold=True))
    assert "nobody tells what else used the GPU" in found and "too short" not in found


def test_a_case_that_others_could_run_beside_says_so() -> None:
    state = a_machine_state(is_side_by_side=True)
    assert state.is_noisy is True
    assert "other cases could run beside it" in said(True, state)
