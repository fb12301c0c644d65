from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.analysis.paired import paired_cases
from engine.domain.against import Against
from engine.domain.case import Precision
from engine.domain.model import Size
from engine.domain.run import RunRequest
from engine.domain.summary import PairedCase, Verdict
from engine.reports.answers import report_title
from engine.reports.charts import charts_of
from engine.reports.content import ReportContent, build_content
from engine.reports.html import render_html
from engine.reports.pairs import pair_sentences, pair_table, pair_title
from tests.builders import A_TIME, a_case, a_request, a_result, a_run, a_summary, an_environment

BF16 = Against(precision=Precision.BF16)
ROWS = [
    a_result(case, latency=latency, repetition=repetition)
    for repetition in range(8)
    for case, latency in ((a_case(), 0.04), (BF16.applied_to(a_case()), 0.02 * (1 + repetition / 1000)))
]
PAIRS = paired_cases(BF16, ROWS)


def content_of(request: RunRequest, pairs: Sequence[PairedCase]) -> ReportContent:
    run = a_run(request=request)
    return build_content(run, an_environment(), [], ROWS, report_id="r", created_at=A_TIME, pairs=pairs)


def test_each_case_has_a_sentence_and_each_metric_a_row() -> None:
    (sentence,) = pair_sentences(PAIRS)
    assert sentence.startswith("bert on cpu fp32, batch 1: bf16 is 1.99x faster than fp32 (")
    table = pair_table(PAIRS)
    assert [row[1].text for row in table.rows] == ["Latency", "Throughput", "Peak memory"]
    assert [row[7].text for row in table.rows] == ["better", "better", "same"]
    assert table.rows[0][3].detail.count(" to ") == 1
    assert all(row[8].text.startswith("±3.") for row in table.rows[:2])


def test_no_two_cases_of_a_run_have_the_same_words() -> None:
    alone = Against(threads=1)
    bases = [
        a_case("bert", backend=backend, precision=precision, size=size)
        for backend in ("cpu", "onnxruntime")
        for precision in (Precision.FP32, Precision.INT8)
        for size in (Size.TINY, Size.DEFAULT)
    ]
    rows = [
        a_result(case, repetition=repetition)
        for repetition in range(2)
        for base in bases
        for case in (base, alone.applied_to(base))
    ]
    pairs = paired_cases(alone, rows)
    assert len(set(pair_sentences(pairs))) == len(bases)
    assert any(words.startswith("bert (tiny) on onnxruntime int8, batch 1: ") for words in pair_sentences(pairs))
    assert len({row[0].text for row in pair_table(pairs).rows}) == len(bases)


def test_only_a_run_in_pairs_has_the_section() -> None:
    in_pairs = render_html(content_of(a_request(against=BF16), PAIRS)).decode()
    assert "Verdicts in pairs" in in_pairs and "signed-rank" in in_pairs
    assert "each case with its partner (precision=bf16), in turns where they can" in in_pairs
    assert "Verdicts in pairs" not in render_html(content_of(a_request(), [])).decode()


def test_the_title_is_the_verdict_and_no_chart_says_otherwise() -> None:
    assert report_title(content_of(a_request(against=BF16), PAIRS)) == pair_sentences(PAIRS)[0].removesuffix(".")
    others = [replace(one, base=replace(one.base, batch_size=8)) for one in PAIRS]
    undecided = [replace(one, found=replace(one.found, verdict=Verdict.UNDECIDED)) for one in others]
    assert pair_title([*PAIRS, *undecided]) == "precision=bf16 in pairs: better in 1 and undecided in 1 of 2 cases"
    summaries = [a_summary(case, latencies=[0.04] * 8) for case in (a_case(), BF16.applied_to(a_case()))]
    assert len(charts_of(summaries)) == 1
    assert charts_of(summaries, with_ways=False) == []
