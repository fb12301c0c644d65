"""Each verdict has one wording, wherever it is told."""

from __future__ import annotations

import pytest

from engine.domain.against import Against
from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.summary import Comparison, PairedCase, PairedRatio, Verdict
from engine.verdict_words import format_comparison, format_paired
from tests.builders import a_case

THIN = "\N{THIN SPACE}"
MINUS = "\N{MINUS SIGN}"


def comparison(verdict: Verdict, ratio: float = 0.8) -> Comparison:
    return Comparison(
        metric=Metric.LATENCY,
        ratio=ratio,
        low=None,
        high=None,
        p_value=None,
        q_value=None,
        verdict=verdict,
        processes=(5, 3),
        reason="",
    )


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.SAME, f"same (within ±3{THIN}%)"),
        (Verdict.UNDECIDED, "undecided, n = 3"),
        (Verdict.BETTER, f"1.25x faster ({MINUS}20{THIN}%)"),
    ],
)
def test_each_verdict_has_one_wording(verdict, expected):
    assert format_comparison(comparison(verdict)) == expected


def paired(verdict: Verdict, ratio: float, low: float | None, high: float | None, **changes) -> str:
    metric = changes.pop("metric", Metric.LATENCY)
    values = {"p_value": 0.002, "pairs": 8, "reason": "", "to_decide": None} | changes
    return format_paired(
        PairedCase(
            against=Against(precision=Precision.BF16),
            base=a_case(),
            metric=metric,
            found=PairedRatio(verdict=verdict, ratio=ratio, low=low, high=high, **values),
        )
    )


def test_pairs_say_who_is_faster_by_how_much_and_how_surely():
    assert paired(Verdict.BETTER, 1 / 1.8, 1 / 1.9, 1 / 1.7) == (
        "bf16 is 1.80x faster than fp32 (1.70x to 1.90x), 8 pairs: better"
    )
    assert paired(Verdict.WORSE, 1.2, 1.1, 1.3) == "bf16 is 1.20x slower than fp32 (1.10x to 1.30x), 8 pairs: worse"
    assert paired(Verdict.BETTER, 1.2, 1.1, 1.3, metric=Metric.THROUGHPUT).startswith("bf16 is 1.20x faster than fp32")
    less = paired(Verdict.BETTER, 0.5, 0.4, 0.6, metric=Metric.PEAK_MEMORY)
    assert less.startswith("bf16 takes 2.00x less memory than fp32 (")


def test_pairs_that_say_nothing_say_what_would():
    assert paired(Verdict.UNDECIDED, 1.02, 0.97, 1.07, to_decide=24) == (
        f"bf16 against fp32: +2{THIN}% latency ({MINUS}3{THIN}% to +7{THIN}%), 8 pairs: undecided, "
        "about 24 pairs would decide"
    )
    alone = paired(Verdict.UNDECIDED, 1.02, None, None, pairs=1)
    assert alone.endswith("latency, 1 pair: undecided, more pairs would likely not decide")
    assert paired(Verdict.SAME, 1.0, 0.99, 1.01) == (
        f"bf16 and fp32 come to the same latency (within ±3{THIN}%), 8 pairs: same"
    )
