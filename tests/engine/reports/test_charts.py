from __future__ import annotations

from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.summary import Verdict
from engine.reports.charts import MOST_SCALING, charts_of, compare_ways, rankings, ways_to_run
from engine.reports.tables import _result_row
from tests.builders import a_case, a_summary

BF16 = Precision.BF16
NOISE, OTHER_NOISE = (0.10, 0.13, 0.08, 0.12, 0.09), (0.11, 0.12, 0.085, 0.10, 0.09)
NOISY_MODELS = ("roberta", "gpt2", "llama", "mixtral", "t5", "bart", "vit", "clip", "whisper", "mamba")


def test_a_verdict_is_corrected_for_all_of_the_report() -> None:
    ways = [
        a_summary(a_case(), latencies=(0.0400, 0.0401, 0.0402, 0.0399, 0.0398)),
        a_summary(a_case(precision=BF16), latencies=(0.0300, 0.0301, 0.0302, 0.0299, 0.0298)),
    ]
    others = [
        a_summary(a_case(model, **case), latencies=latencies)
        for model in NOISY_MODELS
        for case, latencies in (({}, NOISE), ({"precision": BF16}, OTHER_NOISE))
    ]
    baseline, alone = compare_ways(ways, ways, Metric.LATENCY)
    _, beside_others = compare_ways(ways, ways + others, Metric.LATENCY)
    bf16 = ways[1].case.case_id
    assert baseline is ways[0]
    assert alone[bf16].verdict is Verdict.BETTER
    assert {case_id: found.verdict for case_id, found in beside_others.items()} == {bf16: Verdict.UNDECIDED}


def test_what_is_not_drawn_is_counted() -> None:
    curves = [a_summary(a_case(model, batch_size=size)) for model in NOISY_MODELS[:6] for size in (1, 8)]
    drawn = [chart for chart in charts_of(curves) if "over batch size" in chart.subtitle]
    assert len(drawn) == MOST_SCALING
    assert drawn[-1].footnote.endswith("2 more curves in the table of all results")
    assert all("more" not in chart.footnote for chart in drawn[:-1])


def test_options_are_ways_to_run_a_model_and_never_rivals_in_a_ranking() -> None:
    eager, compiled = a_summary(), a_summary(a_case(compiled=True), latencies=(0.021, 0.0211, 0.0212))
    other = a_summary(a_case("roberta", compiled=True))
    assert ways_to_run([eager, compiled, other]) == [[eager, compiled]]
    assert rankings([eager, compiled, other]) == [[compiled, other]]
    titles = [chart.title for chart in charts_of([eager, compiled]) if "against cpu fp32" in chart.subtitle]
    assert len(titles) == 1 and "cpu fp32 compiled" in titles[0]


def test_an_option_stands_beside_the_precision_in_the_table() -> None:
    cell = _result_row(a_summary(a_case(attention="sdpa", threads=2)), [], {})[2]
    assert (cell.text, cell.detail) == ("fp32", "sdpa attention, 2 threads")
