from __future__ import annotations

import math

import pytest

from engine.domain.measurement import Metric
from engine.domain.summary import Verdict
from engine.errors import NotEnoughData
from engine.stats.comparison import compare, correct, geometric_mean_ratio

STEADY = [1.000, 1.001, 1.002, 1.003, 1.004, 1.005]


def scaled(factor: float) -> list[float]:
    return [value * factor for value in STEADY]


def test_lower_latency_is_better_and_lower_throughput_is_worse() -> None:
    assert compare(Metric.LATENCY, STEADY, scaled(0.8)).verdict is Verdict.BETTER
    assert compare(Metric.THROUGHPUT, STEADY, scaled(0.8)).verdict is Verdict.WORSE


def test_the_ratio_is_of_medians_and_lies_in_its_interval() -> None:
    found = compare(Metric.LATENCY, STEADY, scaled(0.8))
    assert found.ratio == pytest.approx(0.8)
    assert found.low is not None and found.high is not None
    assert found.low <= 0.8 <= found.high
    assert found.p_value == pytest.approx(2 / 924)


def test_fewer_than_five_processes_a_side_decide_nothing() -> None:
    found = compare(Metric.LATENCY, STEADY[:4], scaled(0.5))
    assert found.verdict is Verdict.UNDECIDED
    assert found.p_value is None
    assert "5 processes" in found.reason and "4 and 6" in found.reason
    assert found.low is not None


def test_an_interval_within_the_margin_is_the_same_even_when_significant() -> None:
    found = compare(Metric.LATENCY, STEADY, scaled(1.01))
    assert found.p_value is not None and found.p_value < 0.05
    assert found.verdict is Verdict.SAME


def five_a_side(step: float) -> list[float]:
    """Logarithms 0, 1 and 2 steps to each side of 0: two of these carry a ratio to within 2.776 steps."""
    return [math.exp(step * number) for number in (-2, -1, 0, 1, 2)]


@pytest.mark.parametrize("ratio", [1.03, 1 / 1.03])
def test_one_end_within_the_margin_does_not_make_the_same(ratio: float) -> None:
    base = five_a_side(0.01)
    found = compare(Metric.LATENCY, base, [value * ratio for value in base])
    assert found.low == pytest.approx(ratio * math.exp(-0.02776), rel=1e-4)
    assert found.high == pytest.approx(ratio * math.exp(0.02776), rel=1e-4)
    assert found.p_value == pytest.approx(14 / 252)  # 7 of 252 splits lie as far to one side
    assert (found.verdict, found.reason.partition(" (")[0]) == (Verdict.UNDECIDED, "not significant")


@pytest.mark.parametrize("ratio", [1.025, 1 / 1.025])
def test_a_significant_change_below_the_margin_is_undecided(ratio: float) -> None:
    base = five_a_side(0.005)
    found = compare(Metric.LATENCY, base, [value * ratio for value in base])
    assert found.p_value == pytest.approx(2 / 252)
    assert found.verdict is Verdict.UNDECIDED
    assert found.reason.startswith("differs by less than 3%")


def test_wide_overlap_is_undecided_and_not_the_same() -> None:
    found = compare(Metric.LATENCY, [1.0, 1.3, 0.8, 1.2, 0.9, 1.1], [1.05, 1.25, 0.85, 1.15, 0.95, 1.3])
    assert found.verdict is Verdict.UNDECIDED
    assert "not significant" in found.reason


def test_a_single_process_has_a_ratio_but_no_interval() -> None:
    found = compare(Metric.LATENCY, [1.0], [2.0])
    assert (found.ratio, found.low, found.high) == (2.0, None, None)


@pytest.mark.parametrize("base", [[], [0.0, 0.0, 0.0]])
def test_what_has_no_ratio_is_refused(base: list[float]) -> None:
    with pytest.raises(NotEnoughData):
        compare(Metric.PEAK_MEMORY, base, STEADY)


def test_correction_takes_back_what_many_comparisons_would_find_by_chance() -> None:
    # p = 0.03 passes alone; among 20 that found nothing, q is 0.6.
    lucky = compare(Metric.LATENCY, [1.0, 1.1, 1.2, 1.3, 1.05, 1.15], [0.9, 1.0, 0.95, 0.97, 1.08, 0.98])
    assert lucky.verdict is Verdict.BETTER
    quiet = [compare(Metric.LATENCY, [1.0, 1.3, 0.8, 1.2, 0.9], [1.1, 1.2, 0.85, 1.0, 0.9]) for _ in range(20)]
    judged = correct([lucky, *quiet])
    assert judged[0].verdict is Verdict.UNDECIDED
    assert judged[0].q_value is not None and judged[0].q_value > 0.05
    assert "21 comparisons" in judged[0].reason


def test_what_is_corrected_says_for_how_many() -> None:
    tested = compare(Metric.LATENCY, [1.0, 1.3, 0.8, 1.2, 0.9], [1.1, 1.2, 0.85, 1.0, 0.9])
    too_few = compare(Metric.LATENCY, [1.0], [2.0])
    assert (tested.comparisons, too_few.comparisons) == (1, 1)
    assert [found.comparisons for found in correct([tested, tested, too_few])] == [2, 2, 3]


def test_correction_leaves_untested_comparisons_alone() -> None:
    untested = compare(Metric.LATENCY, [1.0], [2.0])
    assert correct([untested]) == [untested]


def test_geometric_mean_of_a_half_and_a_double_is_one() -> None:
    found = geometric_mean_ratio([0.5, 2.0])
    assert found.geometric_mean == pytest.approx(1.0)
    assert (found.smallest, found.largest, found.cases) == (0.5, 2.0, 2)


def test_cases_of_one_group_carry_no_interval() -> None:
    found = geometric_mean_ratio([0.5, 0.6], groups=["vision", "vision"])
    assert (found.low, found.high) == (None, None)
    assert found.geometric_mean == pytest.approx(0.3**0.5)


def test_three_groups_carry_a_t_interval_on_logarithms() -> None:
    # logs 0, 1, 2: mean 1, sd 1, so 1 +- 4.3027 / sqrt(3) = 1 +- 2.48417.
    found = geometric_mean_ratio([1.0, math.e, math.e**2])
    assert found.low == pytest.approx(math.exp(1 - 2.48417), rel=1e-4)
    assert found.high == pytest.approx(math.exp(1 + 2.48417), rel=1e-4)


def test_many_groups_are_resampled_whole_each_by_its_number_of_cases() -> None:
    # 50 groups of two cases with log -0.1 and 50 of one with 0.2. Of 100 groups drawn, k are of two cases, 40 to 60
    # with 96 %, and the mean is 0.2 (100 - 2k) / (100 + k): from -4/160 to 4/140.
    ratios = [math.exp(-0.1)] * 100 + [math.exp(0.2)] * 50
    groups = [f"two-{index // 2}" for index in range(100)] + [f"one-{index}" for index in range(50)]
    found = geometric_mean_ratio(ratios, groups=groups)
    assert found.geometric_mean == pytest.approx(1.0)
    assert found.low is not None and found.high is not None
    assert math.log(found.low) == pytest.approx(-4 / 160, abs=0.003)
    assert math.log(found.high) == pytest.approx(4 / 140, abs=0.0035)
