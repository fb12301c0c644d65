"""From readings to findings: hand-made readings with a known fault each, and verdicts on known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.analysis.calibration import (
    FAMILY,
    Rounds,
    device_findings,
    memory_findings,
    noise_of,
    product_findings,
    repeatability,
    timer_findings,
    verdict_findings,
)
from engine.domain.calibration import Finding, FindingState, MeterCheck
from engine.domain.summary import Verdict
from engine.stats.comparison import correct
from engine.stats.paired import paired_ratio

MIB = 2**20


def timer(
    *, empty: float = 1e-7, late: float = 1e-4, rate: float = 1.0, offset: float = 1e-6, raw: bool = True
) -> dict[MeterCheck, Finding]:
    """Sleeps that end `late`; our timer runs at `rate` of the raw clock, whose reading takes `offset`."""
    sleeps = [
        {
            "asked_seconds": asked,
            "read_seconds": [rate * (asked + late) + offset] * 3,
            "raw_seconds": [asked + late] * 3 if raw else None,
        }
        for asked in (0.001, 0.01)
    ]
    found = timer_findings({"empty_seconds": [empty] * 5, "between_seconds": 1e-6, "sleeps": sleeps})
    return {finding.check: finding for finding in found}


def test_the_overhead_is_a_share_of_a_millisecond() -> None:
    assert timer()[MeterCheck.TIMER_OVERHEAD].value == pytest.approx(0.0001)
    assert timer(empty=4.9e-6)[MeterCheck.TIMER_OVERHEAD].state is FindingState.REACHED
    assert timer(empty=5.1e-6)[MeterCheck.TIMER_OVERHEAD].state is FindingState.MISSED


def test_waking_up_late_and_reading_the_other_clock_are_no_errors_of_the_timer_but_another_pace_is() -> None:
    late = timer(late=0.01, offset=1e-5)[MeterCheck.TIMER_ERROR]
    assert (late.state, late.value) == (FindingState.REACHED, pytest.approx(0.0))
    assert "1.00 ms sleeps last 10.0 ms longer" in late.detail
    off = timer(rate=1.005)[MeterCheck.TIMER_ERROR]
    assert (off.state, off.value) == (FindingState.MISSED, pytest.approx(0.005))


def test_a_sleep_that_reads_less_than_was_asked_for_is_an_error_whatever_the_other_clock_says() -> None:
    short = timer(late=-0.0001, offset=0.0)[MeterCheck.TIMER_ERROR]
    assert short.state is FindingState.MISSED
    assert short.value == pytest.approx(0.1)
    assert "loses time" in short.detail


def test_without_a_second_clock_the_error_is_not_available() -> None:
    found = timer(raw=False)[MeterCheck.TIMER_ERROR]
    assert found.state is FindingState.UNAVAILABLE
    assert found.problem is not None and "no second clock" in found.problem


def products(*, double: float = 0.002) -> list[Finding]:
    by_size = [{"size": 256, "seconds": 0.001}, {"size": 512, "seconds": 0.004}]
    by_count = [{"count": 1, "seconds": 0.001}, {"count": 2, "seconds": double}, {"count": 4, "seconds": 0.004}]
    return product_findings({"by_size": by_size, "by_count": by_count})


def test_time_has_to_follow_the_work() -> None:
    scaling, speed = products()
    assert (scaling.state, scaling.value) == (FindingState.REACHED, 0.0)
    assert products(double=0.0021)[0].state is FindingState.MISSED
    assert products(double=0.0019)[0].value == pytest.approx(0.05)
    assert speed.value == pytest.approx(2 * 512**3 / 0.004)
    assert speed.state is FindingState.TOLD


def memory(size: int, read: int | None) -> list[Finding]:
    good = {"size": 64 * MIB, "read": 64 * MIB}
    return memory_findings({"held": [good, {"size": size, "read": read}], "gone": [good], "notes": ["A note."]})


def test_memory_may_be_misread_by_four_mebibytes_or_two_percent() -> None:
    resident, peak = memory(16 * MIB, 19 * MIB)
    assert (resident.state, resident.value, resident.goal) == (FindingState.REACHED, 3 * MIB, 4 * MIB)
    assert (peak.value, peak.state) == (0.0, FindingState.REACHED)
    assert memory(16 * MIB, 21 * MIB)[0].state is FindingState.MISSED
    assert memory(500 * MIB, 491 * MIB)[0].state is FindingState.REACHED
    assert memory(500 * MIB, 489 * MIB)[0].state is FindingState.MISSED
    assert "A note." in resident.detail


def test_where_no_peak_is_told_the_meter_is_not_available() -> None:
    assert memory(16 * MIB, None)[0].state is FindingState.UNAVAILABLE


def test_a_gpu_is_metered_where_there_is_one() -> None:
    (absent,) = device_findings({"gone": None, "reason": "No GPU that torch can use was found."})
    assert (absent.state, absent.problem) == (FindingState.UNAVAILABLE, "No GPU that torch can use was found.")
    (seen,) = device_findings({"gone": [{"size": MIB, "read": MIB}], "reason": None, "device": "Some GPU"})
    assert (seen.state, seen.value) == (FindingState.REACHED, 0.0)


def rounds(
    seed: int, groups: int = 20, *, noise: float = 0.005, second: float = 1.0, more: float = 1.05, drift: float = 0.0
) -> list[Rounds]:
    """Ten rounds a group; `second` is what the second side of the same work takes, and every second process that is
    alone; `drift` is the growth in a group."""
    draws = np.random.default_rng(seed)

    def side(factor: float) -> tuple[float, ...]:
        grown = np.linspace(0.0, drift, 10)
        return tuple(factor * float(value) for value in np.exp(draws.normal(0.0, noise, 10) + grown))

    def alone() -> tuple[float, ...]:
        return tuple(value * (second if at % 2 else 1.0) for at, value in enumerate(side(1.0)))

    return [Rounds(base=side(1.0), same=side(second), more=side(more), alone=alone()) for _ in range(groups)]


def verdicts(found: list[Finding]) -> dict[MeterCheck, Any]:
    return {finding.check: finding for finding in found}


def test_on_a_quiet_machine_nothing_is_called_different_and_more_work_is_found() -> None:
    found = verdicts(verdict_findings(rounds(1)))
    for check in (MeterCheck.FALSE_ALARMS, MeterCheck.FALSE_ALARMS_APART, MeterCheck.FALSE_ALARMS_IN_PAIRS):
        assert (found[check].value, found[check].state) == (0.0, FindingState.OPEN)
    assert "0 of 20 after correction, 0 before; 20 called the same" in found[MeterCheck.FALSE_ALARMS].detail
    assert found[MeterCheck.FALSE_ALARMS].high == pytest.approx(0.168, abs=0.001)
    assert (found[MeterCheck.POWER].value, found[MeterCheck.POWER].state) == (1.0, FindingState.OPEN)


def test_two_hundred_trials_show_that_the_goals_hold() -> None:
    found = verdicts(verdict_findings(rounds(1, 200)))
    assert {finding.state for finding in found.values()} == {FindingState.REACHED}
    fewer = verdicts(verdict_findings(rounds(1, 182)))
    assert fewer[MeterCheck.FALSE_ALARMS_APART].state is FindingState.OPEN


def test_a_meter_that_favours_one_side_is_caught() -> None:
    found = verdicts(verdict_findings(rounds(2, second=1.06)))
    assert found[MeterCheck.FALSE_ALARMS].value > 0.9
    assert found[MeterCheck.FALSE_ALARMS_IN_PAIRS].value > 0.9
    assert found[MeterCheck.FALSE_ALARMS].state is FindingState.MISSED
    assert found[MeterCheck.FALSE_ALARMS_APART].state is FindingState.OPEN


def test_drift_shows_one_after_the_other_and_not_side_by_side() -> None:
    found = verdicts(verdict_findings(rounds(3, drift=0.2)))
    assert found[MeterCheck.FALSE_ALARMS_APART].value > 0.9
    assert found[MeterCheck.FALSE_ALARMS_IN_PAIRS].state is FindingState.OPEN
    assert found[MeterCheck.FALSE_ALARMS].value == 0.0


def test_too_much_noise_hides_the_added_work() -> None:
    power = verdicts(verdict_findings(rounds(4, noise=0.08)))[MeterCheck.POWER]
    assert power.value < 0.5
    assert power.state is FindingState.MISSED


def test_more_work_is_found_by_the_verdicts_that_give_false_alarms() -> None:
    """In a family of which half differs; not in one that all differ, which no correction touches."""
    groups = rounds(11, 40, noise=0.04)
    power = verdicts(verdict_findings(groups))[MeterCheck.POWER]
    more = [paired_ratio(group.base, group.more) for group in groups] * 2
    same = [paired_ratio(group.base, group.same) for group in groups] * 2

    def found(differ: int) -> int:
        families = [[*more[at : at + differ], *same[at + 1 : at + 1 + FAMILY - differ]] for at in range(40)]
        return sum(correct(family)[0].verdict is Verdict.WORSE for family in families)

    before = sum(one.verdict is Verdict.WORSE for one in more[:40])
    assert 0 < found(1) < found(5) < before
    assert found(5) < found(10)
    assert power.value == found(5) / 40
    told = f"Found in {found(5)} of 40 times 10 pairs as one of 5 in 10 that differ, {found(1)} as the only one, "
    assert power.detail.startswith(f"{told}{before} before correction")
    assert "of which five differ" in power.check.definition


def test_the_last_family_is_as_large_as_the_others() -> None:
    """Verdicts on the same work that differ alone are corrected for ten, also where ten do not divide their number."""
    quiet, loud = rounds(1, 10), rounds(3, 1, noise=0.04, second=1.06)
    same = [paired_ratio(group.base, group.same) for group in (*quiet, *loud)]
    alarms = verdicts(verdict_findings([*quiet, *loud]))[MeterCheck.FALSE_ALARMS_IN_PAIRS]
    wrong = correct([same[-1], *same[:9]])[0].verdict is Verdict.WORSE
    assert (same[-1].verdict is Verdict.WORSE, wrong) == (True, False)
    assert "0 of 11 after correction, 1 before" in alarms.detail


def test_the_noise_is_that_of_processes_and_of_pairs() -> None:
    noise = noise_of(rounds(5, 50, noise=0.02))
    assert noise is not None
    assert noise.process_spread == pytest.approx(0.02, rel=0.1)
    assert noise.pair_spread == pytest.approx(0.02 * 2**0.5, rel=0.1)
    assert (noise.processes, noise.pairs) == (500, 500)
    assert repeatability(noise).value == noise.process_spread
