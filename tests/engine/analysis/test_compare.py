from __future__ import annotations

import pytest

from engine.analysis.compare import compare_cases
from engine.domain.measurement import Metric
from engine.domain.summary import Verdict
from tests.builders import a_case, a_summary

STEADY = (1.000, 1.001, 1.002, 1.003, 1.004, 1.005)


def summary(name: str, factor: float = 1.0, **changes):
    return a_summary(a_case(name), latencies=tuple(value * factor for value in STEADY), **changes)


def test_cases_are_matched_and_the_biggest_change_comes_first() -> None:
    base = [summary("bert"), summary("gpt2"), summary("t5")]
    new = [summary("bert", 1.2), summary("gpt2", 0.5), summary("vit")]
    found = compare_cases(Metric.LATENCY, base, new)
    assert [item.new.case.model_type for item in found] == ["gpt2", "bert"]
    assert [item.comparison.verdict for item in found] == [Verdict.BETTER, Verdict.WORSE]
    assert found[0].comparison.ratio == pytest.approx(0.5)
    assert all(item.comparison.q_value is not None for item in found)


def test_undecided_cases_come_last() -> None:
    few = a_summary(a_case("vit"), latencies=(0.1, 0.1))
    found = compare_cases(Metric.LATENCY, [summary("bert"), few], [summary("bert", 1.1), few])
    assert [item.new.case.model_type for item in found] == ["bert", "vit"]


def test_a_case_without_figures_on_a_side_is_left_out() -> None:
    assert compare_cases(Metric.LATENCY, [a_summary(latencies=())], [a_summary()]) == []


def test_another_environment_is_told() -> None:
    (found,) = compare_cases(Metric.LATENCY, [summary("bert")], [summary("bert", environment_id="other")])
    assert not found.is_same_environment
