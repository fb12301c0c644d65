"""The smallest change that processes can show: known quantiles, hand-computed cases, and the product's own verdicts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.domain.measurement import Metric
from engine.domain.summary import Verdict
from engine.stats.comparison import Judged, compare, correct
from engine.stats.detectable import (
    detectable_change,
    detectable_change_in_pairs,
    fewest_pairs,
    fewest_processes,
    pooled_spread,
    t_quantile,
)
from engine.stats.paired import paired_ratio

TRIALS = 400


@pytest.mark.parametrize(
    ("probability", "freedom", "known"),
    [(0.975, 2, 4.303), (0.975, 8, 2.306), (0.8, 4, 0.941), (0.8, 18, 0.862), (0.95, 9, 1.833), (0.5, 3, 0.0)],
)
def test_quantiles_of_t_are_those_of_the_tables(probability: float, freedom: int, known: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(known, rel=0.01, abs=1e-9)


def test_the_change_is_so_many_standard_errors() -> None:
    error = 0.3 * math.sqrt(2 / 30)
    expected = math.expm1((2.002 + 0.848) * error / math.sqrt(3 / math.pi))
    assert detectable_change(0.3, (30, 30)) == pytest.approx(expected, rel=0.005)
    in_pairs = math.expm1((2.010 + 0.849) * 0.4 / math.sqrt(50) / math.sqrt(3 / math.pi))
    assert detectable_change_in_pairs(0.4, 50) == pytest.approx(in_pairs, rel=0.005)


def test_few_values_pay_for_the_steps_of_an_exact_test() -> None:
    """Two-sided p of 5 against 5 that still counts: 0.032, and 2 % more than the formula; of ten pairs 0.049."""
    error = 0.2 * math.sqrt(2 / 5)
    formula = (2.595 + 0.889) * error / math.sqrt(3 / math.pi)
    assert detectable_change(0.2, (5, 5)) == pytest.approx(math.expm1(1.023 * formula), rel=0.015)
    in_pairs = math.expm1((2.275 + 0.883) * 0.3 / math.sqrt(10) / math.sqrt(3 / math.pi))
    assert detectable_change_in_pairs(0.3, 10) == pytest.approx(in_pairs, rel=0.015)


def test_where_only_sides_that_do_not_overlap_count_it_takes_the_shift_that_parts_them() -> None:
    """5 against 5 among six comparisons: p = 0.0079 and nothing else is below 0.05 / 6."""
    shift = math.log1p(detectable_change(0.2, (5, 5), comparisons=6) or 0.0) / 0.2
    at = np.linspace(-6.0, 6.0 + shift, 2001)
    below, above = (0.5 * (1 + np.vectorize(math.erf)(where / math.sqrt(2))) for where in (at, at - shift))
    density = 5 * np.exp(-(at**2) / 2) / math.sqrt(2 * math.pi) * below**4
    assert np.sum(density * (1 - above) ** 5) * (at[1] - at[0]) == pytest.approx(0.8, abs=0.015)


def test_among_many_comparisons_a_change_has_to_be_larger() -> None:
    changes = [detectable_change(0.1, (10, 10), comparisons=count) or 0.0 for count in (1, 5, 50)]
    assert changes == sorted(changes) and changes[2] > 1.3 * changes[0]
    in_pairs = [detectable_change_in_pairs(0.1, 15, comparisons=count) or 0.0 for count in (1, 5, 50)]
    assert in_pairs == sorted(in_pairs) and in_pairs[2] > 1.3 * in_pairs[0]
    larger = [detectable_change(0.1, (30, 30), comparisons=count) or 0.0 for count in (1, 5, 50)]
    assert larger == sorted(larger) and larger[2] > 1.2 * larger[0]


def test_among_too_many_comparisons_nothing_is_ever_found() -> None:
    assert detectable_change(0.01, (5, 5), comparisons=6) is not None
    assert detectable_change(0.01, (5, 5), comparisons=7) is None
    assert detectable_change(0.01, (5, 16), comparisons=1000) is None
    assert detectable_change_in_pairs(0.01, 6) is not None
    assert detectable_change_in_pairs(0.01, 6, comparisons=2) is None


@pytest.mark.parametrize(("comparisons", "processes", "pairs"), [(1, 5, 6), (6, 5, 8), (10, 6, 9), (100, 8, 12)])
def test_the_fewest_that_can_be_found_among_so_many(comparisons: int, processes: int, pairs: int) -> None:
    assert (fewest_processes(comparisons), fewest_pairs(comparisons)) == (processes, pairs)
    assert 2 / math.comb(2 * processes, processes) < 0.05 / comparisons and 2 / 2**pairs < 0.05 / comparisons


def test_more_processes_or_less_noise_or_less_power_resolve_more() -> None:
    changes = [detectable_change(0.05, (count, count)) or 0.0 for count in (5, 10, 20)]
    assert changes == sorted(changes, reverse=True) and changes[-1] > 0.03
    assert (detectable_change(0.03, (10, 10)) or 1.0) < changes[1]
    assert (detectable_change(0.05, (10, 10), power=0.95) or 0.0) > changes[1]


def test_nothing_within_the_margin_is_ever_resolved() -> None:
    assert (detectable_change(1e-6, (50, 50)) or 0.0) == pytest.approx(0.03, rel=0.001)
    assert (detectable_change_in_pairs(1e-6, 50) or 0.0) == pytest.approx(0.03, rel=0.001)


def test_too_few_processes_for_a_verdict_resolve_nothing() -> None:
    assert detectable_change(0.01, (3, 3)) is None
    assert detectable_change(0.01, (4, 40)) is None
    assert detectable_change_in_pairs(0.01, 5) is None


def test_the_spread_is_within_groups_alone() -> None:
    inside = [[1.0, math.e**0.1], [50.0, 50.0 * math.e**0.1]]
    assert pooled_spread(inside) == pytest.approx(math.sqrt(0.1**2 / 2))
    assert pooled_spread([[1.0], [2.0]]) is None
    assert pooled_spread([[1.0, 0.0]]) is None


@pytest.mark.parametrize(("spread", "count"), [(0.03, 5), (0.08, 10)])
def test_verdicts_find_a_change_of_this_size_as_often_as_promised(spread: float, count: int) -> None:
    change = detectable_change(spread, (count, count))
    assert change is not None
    draws = np.random.default_rng(7)
    base = np.exp(draws.normal(0.0, spread, (TRIALS, count)))
    new = (1 + change) * np.exp(draws.normal(0.0, spread, (TRIALS, count)))
    found = sum(compare(Metric.LATENCY, *sides).verdict is Verdict.WORSE for sides in zip(base, new, strict=True))
    assert 0.75 <= found / TRIALS <= 0.9


@pytest.mark.parametrize(("spread", "count", "comparisons"), [(0.03, 5, 6), (0.05, 8, 40), (0.08, 10, 10)])
def test_the_only_one_that_differs_is_found_among_many_as_often_as_promised(
    spread: float, count: int, comparisons: int
) -> None:
    change = detectable_change(spread, (count, count), comparisons=comparisons)
    assert change is not None
    draws = np.random.default_rng(9)
    base = np.exp(draws.normal(0.0, spread, (TRIALS, count)))
    new = (1 + change) * np.exp(draws.normal(0.0, spread, (TRIALS, count)))
    found = sum(_found_among(compare(Metric.LATENCY, *sides), comparisons) for sides in zip(base, new, strict=True))
    assert 0.75 <= found / TRIALS <= 0.9


@pytest.mark.parametrize(("count", "comparisons"), [(9, 10), (12, 10)])
def test_pairs_find_the_only_one_that_differs_as_often_as_promised(count: int, comparisons: int) -> None:
    change = detectable_change_in_pairs(0.05, count, comparisons=comparisons)
    assert change is not None
    draws = np.random.default_rng(10)
    ratios = (1 + change) * np.exp(draws.normal(0.0, 0.05, (TRIALS, count)))
    found = sum(_found_among(paired_ratio([1.0] * count, list(row)), comparisons) for row in ratios)
    assert 0.75 <= found / TRIALS <= 0.9


def test_pairs_find_a_change_of_this_size_as_often_as_promised() -> None:
    change = detectable_change_in_pairs(0.05, 12)
    assert change is not None
    draws = np.random.default_rng(8)
    ratios = (1 + change) * np.exp(draws.normal(0.0, 0.05, (TRIALS, 12)))
    found = sum(paired_ratio([1.0] * 12, list(row)).verdict is Verdict.WORSE for row in ratios)
    assert 0.75 <= found / TRIALS <= 0.9


def _found_among(told: Judged, comparisons: int) -> bool:
    """Whether it is still slower once it is corrected for others that tell no difference at all."""
    others = [replace(told, p_value=1.0, verdict=Verdict.UNDECIDED)] * (comparisons - 1)
    return correct([told, *others])[0].verdict is Verdict.WORSE
