from __future__ import annotations

import math

import numpy as np
import pytest

from engine.domain.measurement import Better
from engine.domain.summary import Verdict
from engine.errors import InvalidValue, NotEnoughData
from engine.stats.paired import correct_pairs, paired_ratio, pairs_to_decide

DRIFT = [1.0, 1.3, 0.8, 1.7, 1.1, 2.0, 0.9, 1.4]
"""A machine that is up to twice as slow at one time as at another."""
WOBBLE = [0.001, -0.002, 0.003, -0.001, 0.002, 0.0005, -0.003, 0.0015]


def paired_with(factor: float) -> list[float]:
    return [value * factor * math.exp(noise) for value, noise in zip(DRIFT, WOBBLE, strict=True)]


def test_drift_that_both_of_a_pair_share_cancels() -> None:
    found = paired_ratio(DRIFT, paired_with(1.06))
    assert found.ratio == pytest.approx(1.06, rel=0.003)
    assert found.low is not None and found.high is not None
    assert 1.05 < found.low < found.ratio < found.high < 1.07
    assert found.p_value == pytest.approx(2 / 256)
    assert (found.verdict, found.pairs, found.to_decide) == (Verdict.WORSE, 8, None)
    unpaired = paired_ratio(DRIFT, sorted(paired_with(1.06)))
    assert unpaired.verdict is Verdict.UNDECIDED


def test_the_direction_of_the_metric_decides_what_is_better() -> None:
    faster = paired_with(0.8)
    assert paired_ratio(DRIFT, faster).verdict is Verdict.BETTER
    assert paired_ratio(DRIFT, faster, better=Better.HIGHER).verdict is Verdict.WORSE


def test_the_ratio_is_the_median_over_pairs() -> None:
    found = paired_ratio([1.0] * 7, [1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 9.0])
    assert found.ratio == pytest.approx(1.4)


def test_same_needs_the_whole_interval_within_the_margin() -> None:
    assert paired_ratio(DRIFT, paired_with(1.01)).verdict is Verdict.SAME
    wide = [value * math.exp(noise * 20) for value, noise in zip(DRIFT, WOBBLE, strict=True)]
    found = paired_ratio(DRIFT, wide)
    assert found.p_value is not None and found.p_value > 0.05
    assert found.verdict is Verdict.UNDECIDED
    assert paired_ratio(DRIFT, wide, 0.2).verdict is Verdict.SAME


def test_five_pairs_decide_nothing_but_have_an_interval() -> None:
    found = paired_ratio(DRIFT[:5], paired_with(2.0)[:5])
    assert (found.verdict, found.p_value) == (Verdict.UNDECIDED, None)
    assert found.reason == "needs 6 pairs, has 5"
    assert found.to_decide == 6
    assert found.low is not None and found.low > 1.9


def test_one_pair_has_a_ratio_alone() -> None:
    found = paired_ratio([2.0], [3.0])
    assert (found.ratio, found.low, found.high, found.to_decide) == (1.5, None, None, None)


def test_more_scatter_needs_more_pairs() -> None:
    def scattered(spread: float) -> tuple[list[float], list[float]]:
        return DRIFT, [value * 1.08 * math.exp(noise * spread) for value, noise in zip(DRIFT, WOBBLE, strict=True)]

    calm, wild = pairs_to_decide(*scattered(15)), pairs_to_decide(*scattered(60))
    assert calm is not None and wild is not None
    assert 8 < calm < wild
    assert pairs_to_decide(*scattered(60), comparisons=50) > wild  # type: ignore[operator]
    assert pairs_to_decide([1.0] * 6, [1.06 * math.exp(log) for log in (-2.0, 2.0, -2.5, 2.5, 0.0, 0.0)]) is None


def test_as_many_pairs_as_are_said_decide_in_four_of_five_cases() -> None:
    # Log ratios 0.10 +- 0.08: (1.96 + 0.84)^2 (0.8)^2 + 1.92 = 6.9, over 3/pi: 8 to be significant.
    base = [1.0] * 4
    new = [math.exp(0.10 + 0.08 * math.sqrt(0.75) * sign) for sign in (-1, 1, -1, 1)]
    assert pairs_to_decide(base, new) == 8
    draws = np.random.default_rng(11).normal(0.10, 0.08, size=(400, 8))
    decided = sum(paired_ratio([1.0] * 8, np.exp(row).tolist()).verdict is Verdict.WORSE for row in draws)
    assert 0.75 < decided / 400 < 0.9


def test_what_no_number_of_pairs_decides_says_none() -> None:
    at_the_margin = [1.03 * math.exp(noise * 10) for noise in (-0.001, 0.001, -0.002, 0.002, 0.0, 0.0)]
    assert pairs_to_decide([1.0] * 6, at_the_margin) is None


def test_pairs_of_one_configuration_with_itself_seldom_differ() -> None:
    draws = np.random.default_rng(7).normal(0.0, 0.05, size=(500, 10))
    called = [paired_ratio([1.0] * 10, np.exp(row).tolist()).verdict for row in draws]
    assert sum(verdict in (Verdict.BETTER, Verdict.WORSE) for verdict in called) / 500 <= 0.07


def test_a_true_twentieth_is_found_where_pairs_scatter_by_two_percent() -> None:
    draws = np.random.default_rng(9).normal(math.log(1.05), 0.02, size=(400, 10))
    found = sum(paired_ratio([1.0] * 10, np.exp(row).tolist()).verdict is Verdict.WORSE for row in draws)
    assert found / 400 >= 0.95


def test_correction_takes_back_a_lucky_pair_and_asks_for_more() -> None:
    lucky = [math.exp(log) for log in (0.09, 0.08, 0.02, 0.05, 0.10, 0.01)]
    quiet = [math.exp(log) for log in (0.09, -0.08, 0.02, -0.05, 0.10, -0.06)]
    values = [([1.0] * 6, lucky), *[([1.0] * 6, quiet)] * 19]
    alone = [paired_ratio(*pair) for pair in values]
    assert alone[0].verdict is Verdict.WORSE
    judged = correct_pairs(alone, values)
    assert judged[0].verdict is Verdict.UNDECIDED
    assert "20 comparisons" in judged[0].reason
    assert judged[0].q_value is not None and judged[0].q_value > 0.05
    assert judged[0].to_decide is not None and judged[0].to_decide > 9


def test_what_makes_no_pairs_is_refused() -> None:
    with pytest.raises(InvalidValue, match="3 values of the first"):
        paired_ratio([1.0, 1, 1], [1.0, 1])
    with pytest.raises(NotEnoughData, match="no pair"):
        paired_ratio([], [])
    with pytest.raises(NotEnoughData, match="not positive"):
        paired_ratio([1.0, 0.0], [1.0, 1.0])
