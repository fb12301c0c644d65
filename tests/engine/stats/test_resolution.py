from __future__ import annotations

import pytest

from engine.domain.calibration import SpreadSource
from engine.stats.comparison import correct
from engine.stats.detectable import detectable_change, detectable_change_in_pairs, pooled_spread
from engine.stats.paired import paired_ratio
from engine.stats.resolution import resolution, resolution_in_pairs
from engine.verdict_words import format_resolution, resolution_grounds
from tests.calibration_builders import a_noise

FIVE = [1.00, 1.02, 0.98, 1.01, 0.99]
THIN = "\N{THIN SPACE}"


def test_enough_processes_tell_their_own_resolution() -> None:
    found = resolution(FIVE, [2 * value for value in FIVE], a_noise(process_spread=0.5))
    assert found is not None and found.source is SpreadSource.CASE
    elsewhere = resolution([7 * value for value in FIVE], FIVE, None)
    assert elsewhere is not None and found.change == pytest.approx(elsewhere.change)
    assert 0.03 < (found.change or 0.0) < 0.06
    assert format_resolution(found).startswith("resolves ±")
    assert "case's own processes" in resolution_grounds(found)


def test_too_few_are_told_by_the_machine() -> None:
    found = resolution(FIVE[:3], FIVE, a_noise())
    assert found is not None and found.source is SpreadSource.MACHINE
    assert found.change is None
    assert found.with_fewest == detectable_change(0.01, (5, 5))
    assert format_resolution(found) == f"5 processes would resolve ±3.7{THIN}%"
    assert "needs 5 processes on each side" in resolution_grounds(found)


def test_without_either_the_machine_is_not_calibrated() -> None:
    assert resolution(FIVE[:3], FIVE, None) is None
    assert format_resolution(None) == "not calibrated"
    assert "modeldyno doctor" in resolution_grounds(None)


def test_values_that_have_no_logarithm_leave_it_to_the_machine() -> None:
    found = resolution([0.0, *FIVE], FIVE, a_noise())
    assert found is not None and found.source is SpreadSource.MACHINE


def test_pairs_tell_their_own_resolution_once_there_are_enough() -> None:
    ratios = [0.98, 1.0, 1.01, 1.02, 0.99, 1.03, 0.97, 1.0, 1.01, 0.99]
    found = resolution_in_pairs(paired_ratio([1.0] * 10, ratios), a_noise(pair_spread=0.5))
    assert found is not None and found.source is SpreadSource.CASE
    own = detectable_change_in_pairs(pooled_spread([ratios]) or 0.0, 10)
    assert found.change == pytest.approx(own, rel=0.15)
    assert "with 10 pairs" in resolution_grounds(found)


def test_too_few_pairs_are_told_by_the_machine() -> None:
    few = paired_ratio([1.0] * 3, [1.0, 1.01, 0.99])
    assert resolution_in_pairs(few, None) is None
    found = resolution_in_pairs(few, a_noise())
    assert found is not None and found.with_fewest == detectable_change_in_pairs(0.01 * 2**0.5, 6)
    assert format_resolution(found).startswith("6 pairs would resolve ±")
    assert "needs 6 pairs" in resolution_grounds(found)


def test_among_many_comparisons_five_processes_resolve_nothing_and_the_words_say_what_would() -> None:
    found = resolution(FIVE, FIVE, None, comparisons=10)
    assert found is not None and (found.change, found.fewest) == (None, 6)
    spread = pooled_spread([FIVE, FIVE]) or 0.0
    assert found.with_fewest == detectable_change(spread, (6, 6), comparisons=10)
    assert format_resolution(found).startswith("6 processes would resolve ±")
    assert format_resolution(found).endswith(f"{THIN}% among 10")
    grounds = resolution_grounds(found)
    assert "the only one of 10 comparisons that differs needs 6 processes on each side" in grounds
    assert "where several differ, each is found more easily" in grounds


def test_among_a_few_comparisons_a_larger_change_is_resolved() -> None:
    alone, among = resolution(FIVE, FIVE, None), resolution(FIVE, FIVE, None, comparisons=6)
    assert alone is not None and among is not None
    assert (alone.change or 1.0) < (among.change or 0.0)
    assert format_resolution(among).endswith("among 6")
    assert "in the only one of 6 comparisons that differs" in resolution_grounds(among)


def test_pairs_are_told_for_as_many_comparisons_as_they_are_corrected_for() -> None:
    six = [1.0, 1.01, 0.99, 1.02, 0.98, 1.0]
    alone = paired_ratio([1.0] * 6, six)
    told = resolution_in_pairs(alone, None)
    assert told is not None and told.change is not None
    found = resolution_in_pairs(correct([alone, alone])[0], None)
    assert found is not None and (found.change, found.fewest, found.comparisons) == (None, 7, 2)
    assert found.source is SpreadSource.CASE
    assert format_resolution(found).startswith("7 pairs would resolve ±")


def test_few_processes_are_told_for_the_family_that_they_would_join() -> None:
    found = resolution(FIVE[:3], FIVE, a_noise(), comparisons=100)
    assert found is not None and found.fewest == 8
    assert found.with_fewest == detectable_change(0.01, (8, 8), comparisons=100)
