from __future__ import annotations

from engine.domain.calibration import Finding, MeterCheck
from engine.reports.calibration_words import (
    goal_words,
    next_steps,
    resolution_rows,
    value_words,
    verdict_sentence,
)
from tests.calibration_builders import A_MISSED_FINDING, SOME_FINDINGS, a_calibration, a_noise

THIN = "\N{THIN SPACE}"


def test_values_and_goals_have_their_unit() -> None:
    overhead, resident, device, speed, alarms, power = SOME_FINDINGS
    assert (value_words(overhead), goal_words(overhead)) == (f"0.01{THIN}%", f"at most 0.5{THIN}%")
    assert (value_words(resident), goal_words(resident)) == ("512 KiB", "at most 4.00 MiB")
    assert (value_words(device), goal_words(device)) == ("-", "")
    assert value_words(speed) == "42.0 GFLOP/s"
    assert value_words(alarms) == f"1{THIN}% (0 \N{EN DASH} 5{THIN}%)"
    assert goal_words(power) == f"at least 95{THIN}%"


def test_a_machine_that_holds_every_goal_needs_no_next_step() -> None:
    assert next_steps(a_calibration()) == []
    assert verdict_sentence(a_calibration()) == "All 4 goals hold: figures of this machine can be trusted."


def test_what_does_not_hold_is_named_with_what_to_do() -> None:
    failed = Finding(check=MeterCheck.POWER, value=None, problem="It died of signal 11.")
    found = a_calibration(findings=(SOME_FINDINGS[0], A_MISSED_FINDING, failed), cpu_busy_others=0.4)
    assert verdict_sentence(found) == f"2 of 3 goals do not hold: false alarms, a true +5{THIN}%."
    busy, alarms, power = next_steps(found)
    assert busy.startswith(f"Other work took 40{THIN}% of the processor meanwhile. Close other programs")
    assert alarms.startswith("False alarms: ")
    assert "It died of signal 11." in power


def test_the_resolution_of_three_processes_is_none() -> None:
    (three, alone, in_pairs), five, ten = resolution_rows(a_noise())
    assert (three, alone, in_pairs) == (3, None, None)
    assert five[1] is not None and five[2] is None
    assert ten[1] is not None and ten[2] is not None and ten[1] < five[1]
