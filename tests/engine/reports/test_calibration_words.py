from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.calibration import PAIRS, Calibration, Finding, FindingState, MeterCheck
from engine.reports.calibration_words import (
    STATE_WORDS,
    goal_words,
    next_steps,
    resolution_rows,
    trials_needed,
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
    more = "190 trials would, if it errs no more often (modeldyno doctor --groups 190)"
    assert verdict_sentence(found) == f"1 goal holds, 1 is not shown yet: {more}."
    assert next_steps(found) == []
    power = Finding(check=MeterCheck.POWER, value=0.98, goal=0.95, low=0.89, high=1.0)
    two = verdict_sentence(a_calibration(findings=(*SOME_FINDINGS[:2], AN_OPEN_FINDING, power)))
    assert two == f"2 goals hold, 2 are not shown yet: {more.replace('190', '230')}."
    missed = verdict_sentence(a_calibration(findings=(*SOME_FINDINGS[:2], A_MISSED_FINDING, power)))
    of_power = more.replace("190", "230")
    assert missed == f"1 of 4 goals does not hold: false alarms; 1 not shown yet: {of_power}."


def test_a_goal_is_shown_to_hold_when_the_interval_excludes_that_it_is_missed() -> None:
    assert SOME_FINDINGS[4].state is SOME_FINDINGS[5].state is FindingState.REACHED
    assert replace(SOME_FINDINGS[4], high=0.021).state is FindingState.OPEN
    assert replace(SOME_FINDINGS[5], low=0.949).state is FindingState.OPEN
    assert replace(SOME_FINDINGS[4], value=0.021, high=0.04).state is FindingState.OPEN
    assert replace(SOME_FINDINGS[4], value=0.04, low=0.021, high=0.08).state is FindingState.MISSED
    assert replace(SOME_FINDINGS[5], value=0.94, low=0.9, high=0.951).state is FindingState.OPEN
    assert replace(SOME_FINDINGS[5], value=0.9, low=0.85, high=0.949).state is FindingState.MISSED


def alarms(wrong: int, trials: int) -> tuple[Calibration, Finding]:
    low, high = share_interval(wrong, trials)
    check = MeterCheck.FALSE_ALARMS_APART
    found = Finding(check=check, value=wrong / trials, goal=0.02, low=low, high=high)
    noise = replace(a_noise(), pairs=trials * PAIRS)
    return a_calibration(findings=(found,), noise=noise), found


@pytest.mark.parametrize(
    ("wrong", "trials", "needed"), [(0, 50, 190), (0, 182, 190), (1, 200, 360), (2, 200, 790), (1, 50, None)]
)
def test_so_many_trials_would_show_what_these_do_not(wrong: int, trials: int, needed: int | None) -> None:
    made, found = alarms(wrong, trials)
    assert found.state is FindingState.OPEN and trials_needed(made, found) == needed
    if needed is None:
        told = "as often as it errs now, 1,000 trials would not show false alarms one after the other."
        assert verdict_sentence(made).endswith(told) and "doctor" not in verdict_sentence(made)
        return
    assert needed > trials and f"--groups {needed})" in verdict_sentence(made)
    assert share_interval(-(-wrong * needed // trials), needed)[1] <= 0.02


def test_how_many_trials_would_show_it_is_not_told_where_none_are_known() -> None:
    made = replace(alarms(0, 50)[0], noise=None)
    assert verdict_sentence(made) == "0 goals hold, 1 is not shown yet: more trials would tell."


def test_what_does_not_hold_is_named_with_what_to_do() -> None:
    failed = Finding(check=MeterCheck.POWER, value=None, problem="It died of signal 11.")
    found = a_calibration(findings=(SOME_FINDINGS[0], A_MISSED_FINDING, failed), cpu_busy_others=0.4)
    assert verdict_sentence(found) == f"2 of 3 goals do not hold: false alarms, a true +5{THIN}% where half differ."
    busy, alarms, power = next_steps(found)
    assert busy.startswith(f"Other work took 40{THIN}% of the processor meanwhile. Close other programs")
    assert alarms.startswith("False alarms: ")
    assert "It died of signal 11." in power


def test_the_resolution_of_three_processes_is_none() -> None:
    (three, alone, in_pairs), five, ten = resolution_rows(a_noise())
    assert (three, alone, in_pairs) == (3, None, None)
    assert five[1] is not None and five[2] is None
    assert ten[1] is not None and ten[2] is not None and ten[1] < five[1]
