from __future__ import annotations

import pytest

from engine.domain.calibration import SpreadSource
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
    assert found is not None and found.with_fewest == detectable_change_in_pairs(0.012, 6)
    assert format_resolution(found).startswith("6 pairs would resolve ±")
    assert "needs 6 pairs" in resolution_grounds(found)
