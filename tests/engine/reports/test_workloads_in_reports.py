"""Generation and concurrency in a report: sections, charts, the headline, and the tails."""

from __future__ import annotations

from engine.analysis.tails import tails
from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary
from engine.reports.answers import report_title
from engine.reports.charts import charts_of, curves
from engine.reports.content import ReportContent, build_content
from engine.reports.html import render_html
from tests.builders import A_TIME, a_case, a_run, a_summary, an_environment
from tests.workload_builders import a_concurrency, a_generation, concurrency_figures, generation_figures, summary_with

GENERATED = [
    summary_with(a_generation(model, batch_size=batch), generation_figures(seconds * batch**0.3, batch))
    for model, seconds in (("gpt2", 0.01), ("llama", 0.03))
    for batch in (1, 8)
]
SERVED = [
    summary_with(a_concurrency("bert"), concurrency_figures(40.0, 1.9)),
    summary_with(a_concurrency("vit"), concurrency_figures(20.0, 1.5)),
]


def content_of(*summaries: CaseSummary, **changes: object) -> ReportContent:
    return build_content(a_run(), an_environment(), summaries, [], report_id="r", created_at=A_TIME, **changes)  # type: ignore[arg-type]


def test_each_workload_has_a_table_with_its_tokens_or_workers() -> None:
    page = render_html(content_of(*GENERATED, *SERVED)).decode()
    for text in ("Generation", "Concurrency", "Inter-token latency, ms", "Requests per second, requests/s"):
        assert text in page
    assert "sequence 128, 32 new tokens" in page
    assert "sequence 128, 2 workers" in page


def test_each_has_its_own_ranking_and_generation_its_growth_with_the_batch() -> None:
    titles = [chart.title for chart in charts_of([*GENERATED, *SERVED])]
    assert any(title.startswith("Tokens per second: gpt2 is fastest on cpu fp32") for title in titles), titles
    assert any(title.startswith("Requests per second: bert is fastest") for title in titles), titles
    assert any(title.startswith("Speed-up: bert is best on cpu fp32: 1.9") for title in titles), titles
    assert any("the token rate of batch 1" in title for title in titles), titles


def test_ways_to_generate_are_compared_by_the_time_between_tokens() -> None:
    bf16 = summary_with(a_generation(precision=Precision.BF16), generation_figures(0.005))
    charts = charts_of([GENERATED[0], bf16])
    assert any("Inter-token latency of gpt2" in chart.subtitle for chart in charts)


def test_cases_with_other_numbers_of_workers_share_no_curve() -> None:
    two, four = (a_concurrency(workers=count, batch_size=count) for count in (2, 4))
    assert curves(summary_with(case, concurrency_figures()) for case in (two, four)) == []


def test_the_headline_of_a_run_of_generation_or_concurrency_alone() -> None:
    assert report_title(content_of(*GENERATED)).startswith("Generation: gpt2 is fastest on cpu fp32: ")
    alone = report_title(content_of(SERVED[0]))
    assert alone == "bert answers 40.00 requests/s with 2 workers at batch 1 on cpu fp32"


def test_tails_are_told_for_each_case_that_has_any() -> None:
    case = a_case()
    samples = [0.04 + 0.0001 * number for number in range(80)]
    page = render_html(content_of(a_summary(case), tails={case.case_id: tails(Metric.LATENCY, [samples] * 3)})).decode()
    assert "Tails: percentiles within processes" in page
    assert "p90 47.1 ms" in page
    assert "Tails: percentiles" not in render_html(content_of(a_summary(case))).decode()


def test_a_model_is_described_by_a_case_that_was_counted() -> None:
    """Workers have their models in processes of their own, where nobody counts."""
    served = summary_with(a_concurrency("bert"), concurrency_figures(), facts=None)
    assert "109,482,240" in render_html(content_of(served, a_summary(a_case("bert", batch_size=8)))).decode()
