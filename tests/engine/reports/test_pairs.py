from __future__ import annotations

from engine.analysis.paired import paired_cases
from engine.domain.against import Against
from engine.domain.case import Precision
from engine.reports.content import build_content
from engine.reports.html import render_html
from engine.reports.pairs import pair_sentences, pair_table
from tests.builders import A_TIME, a_case, a_request, a_result, a_run, an_environment

BF16 = Against(precision=Precision.BF16)
ROWS = [
    a_result(case, latency=latency, repetition=repetition)
    for repetition in range(8)
    for case, latency in ((a_case(), 0.04), (BF16.applied_to(a_case()), 0.02 * (1 + repetition / 1000)))
]
PAIRS = paired_cases(BF16, ROWS)


def test_each_case_has_a_sentence_and_each_metric_a_row() -> None:
    (sentence,) = pair_sentences(PAIRS)
    assert sentence.startswith("bert, batch 1: bf16 is 1.99x faster than fp32 (")
    table = pair_table(PAIRS)
    assert [row[1].text for row in table.rows] == ["Latency", "Throughput", "Peak memory"]
    assert [row[7].text for row in table.rows] == ["better", "better", "same"]
    assert table.rows[0][3].detail.count(" to ") == 1


def test_only_a_run_in_pairs_has_the_section() -> None:
    def page(request, pairs) -> str:
        content = build_content(
            a_run(request=request), an_environment(), [], ROWS, report_id="r", created_at=A_TIME, pairs=pairs
        )
        return render_html(content).decode()

    in_pairs = page(a_request(against=BF16), PAIRS)
    assert "Verdicts in pairs" in in_pairs and "signed-rank" in in_pairs
    assert "each case beside its partner (precision=bf16)" in in_pairs
    assert "Verdicts in pairs" not in page(a_request(), [])
