from __future__ import annotations

from dataclasses import replace

from engine.domain.calibration import Finding, FindingState, MeterCheck
from engine.reports.calibration_words import (
    SHOWING_GROUPS,
    STATE_WORDS,
    goal_words,
    next_steps,
    resolution_rows,
    value_words,
    verdict_sentence,
)
from engine.stats.proportion import share_interval
from tests.calibration_builders import A_MISSED_FINDING, AN_OPEN_FINDING, SOME_FINDINGS, a_calibration, a_noise

THIN = "\N{THIN SPACE}"


def test_values_and_goals_have_their_unit() -> None:
    overhead, resident, device, speed, alarms, power = SOME_FINDINGS
    assert (value_words(overhead), goal_words(overhead)) == (f"0.01{THIN}%", f"at most 0.5{THIN}%")
    assert (value_words(resident), goal_words(resident)) == ("512 KiB", "at most 4.00 MiB")
    assert (value_words(device), goal_words(device)) == ("-", "")
    assert value_words(speed) == "42.0 GFLOP/s"
    assert value_words(alarms) == f"0.5{THIN}% (0 \N{EN DASH} 2{THIN}%)"
    assert goal_words(power) == f"at least 95{THIN}%"


def test_a_machine_that_holds_every_goal_needs_no_next_step() -> None:
    assert next_steps(a_calibration()) == []
    assert verdict_sentence(a_calibration()) == "All 4 goals hold."


def test_what_too_few_trials_cannot_show_neither_holds_nor_is_missed() -> None:
    found = a_calibration(findings=(SOME_FINDINGS[0], AN_OPEN_FINDING), is_quick=True)
    assert (found.missed, found.open) == ((), (AN_OPEN_FINDING,))
    assert STATE_WORDS[AN_OPEN_FINDING.state] == "not shown yet"
    more = "more trials (modeldyno doctor --groups 200)"
    assert verdict_sentence(found) == f"1 goal holds, 1 is not shown yet: it needs {more}."
    assert next_steps(found) == []
    power = Finding(check=MeterCheck.POWER, value=0.98, goal=0.95, low=0.89, high=1.0)
    two = verdict_sentence(a_calibration(findings=(*SOME_FINDINGS[:2], AN_OPEN_FINDING, power)))
    assert two == f"2 goals hold, 2 are not shown yet: they need {more}."
    missed = verdict_sentence(a_calibration(findings=(*SOME_FINDINGS[:2], A_MISSED_FINDING, power)))
    assert missed == f"1 of 4 goals does not hold: false alarms; 1 not shown yet, for want of {more}."


def test_a_goal_is_shown_to_hold_when_the_interval_excludes_that_it_is_missed() -> None:
    assert SOME_FINDINGS[4].state is SOME_FINDINGS[5].state is FindingState.REACHED
    assert replace(SOME_FINDINGS[4], high=0.021).state is FindingState.OPEN
    assert replace(SOME_FINDINGS[5], low=0.949).state is FindingState.OPEN
    assert replace(SOME_FINDINGS[4], value=0.021, high=0.04).state is FindingState.MISSED


def test_so_many_trials_show_what_few_cannot() -> None:
    assert share_interval(0, 183)[1] <= 0.02 < share_interval(0, 182)[1]
    assert share_interval(72, 72)[0] >= 0.95 > share_interval(71, 71)[0]
    assert SHOWING_GROUPS >= 183


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
