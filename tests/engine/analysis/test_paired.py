from __future__ import annotations

import pytest

from engine.analysis.paired import paired_cases
from engine.domain.against import Against
from engine.domain.case import Case, Precision
from engine.domain.measurement import Metric
from engine.domain.result import Result
from engine.domain.summary import Verdict
from tests.builders import a_case, a_failed_result, a_result

BF16 = Against(precision=Precision.BF16)
DRIFT = (1.0, 1.5, 0.8, 2.0, 1.2, 0.7, 1.1, 1.7)


def pairs_of(case: Case, factor: float) -> list[Result]:
    """Eight pairs on a machine that is up to three times as slow at one time as at another."""
    return [
        a_result(one, latency=0.04 * slow * (1 if one is case else factor * (1 + index / 4000)), repetition=index)
        for index, slow in enumerate(DRIFT)
        for one in (case, BF16.applied_to(case))
    ]


def test_every_case_and_metric_has_its_verdict_headline_first() -> None:
    found = paired_cases(BF16, [*pairs_of(a_case(batch_size=8), 0.99), *pairs_of(a_case(), 0.5)])
    assert [(one.base.batch_size, one.metric) for one in found] == [
        (batch, metric) for batch in (1, 8) for metric in (Metric.LATENCY, Metric.THROUGHPUT, Metric.PEAK_MEMORY)
    ]
    assert [one.found.verdict for one in found] == [Verdict.BETTER, Verdict.BETTER, *[Verdict.SAME] * 4]
    latency, throughput, _ = found[:3]
    assert latency.found.ratio == pytest.approx(0.5, rel=0.002)
    assert throughput.found.ratio == pytest.approx(2.0, rel=0.002)
    assert [one.is_headline for one in found] == [True, False, False] * 2
    assert (latency.new, latency.words) == (a_case(precision=Precision.BF16), ("fp32", "bf16"))


def test_verdicts_are_corrected_for_all_of_the_run() -> None:
    (alone,) = {one.found.q_value for one in paired_cases(BF16, pairs_of(a_case(), 0.5)) if one.is_headline}
    many = [result for batch in range(1, 9) for result in pairs_of(a_case(batch_size=batch), 0.5 if batch == 1 else 1)]
    first = paired_cases(BF16, many)[0].found
    assert alone is not None and first.q_value is not None and first.p_value is not None
    assert first.q_value >= alone >= first.p_value


def test_only_whole_pairs_count() -> None:
    rows = pairs_of(a_case(), 0.5)
    lost = a_failed_result(rows[1].case, repetition=0)
    assert paired_cases(BF16, [rows[0], lost, *rows[2:]])[0].found.pairs == 7
    assert paired_cases(BF16, [row for row in rows if row.case.precision is Precision.FP32]) == []


def test_values_are_matched_by_their_round_and_not_by_their_order() -> None:
    found = paired_cases(BF16, list(reversed(pairs_of(a_case(), 0.5))))[0].found
    assert found.low is not None and found.high is not None
    assert (found.low, found.high) == pytest.approx((0.5, 0.501), rel=1e-3)
