"""Bars: which comes first, what they say, and the sentence above them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.model import Family
from engine.domain.result import Provenance
from engine.domain.summary import Comparison, Verdict
from engine.figures.backend_comparison import backend_comparison, backend_comparison_title
from engine.figures.bars import ROW_PIXELS
from engine.figures.tokens import backend_color, color, family_color, translucent
from engine.figures.top_models import top_models, top_models_title
from engine.figures.wording import sizes_in
from tests.builders import a_case, a_summary, an_estimate


def way(backend: str, precision: Precision, latency: float, **changes):
    case = a_case(backend=backend, precision=precision)
    return a_summary(case, latencies=(latency * 0.99, latency, latency * 1.01), **changes)


def judged(verdict: Verdict, ratio: float, processes: int = 10) -> Comparison:
    return Comparison(
        metric=Metric.LATENCY,
        ratio=ratio,
        low=None,
        high=None,
        p_value=0.001,
        q_value=0.002,
        verdict=verdict,
        processes=(processes, processes),
        reason="",
    )


FP32 = way("cpu", Precision.FP32, 0.034)
BF16 = way("cpu", Precision.BF16, 0.068)
OPENVINO = way("openvino", Precision.INT8, 0.0118)


def test_bars_come_best_first_with_names_values_and_a_baseline():
    chart = backend_comparison([BF16, FP32, OPENVINO], metric=Metric.LATENCY, theme="light", baseline=FP32)
    assert list(chart.layout.yaxis.ticktext) == ["openvino <b>int8</b>", "cpu <b>fp32</b>", "cpu <b>bf16</b>"]
    median = next(trace for trace in chart.data if trace.name == "median")
    assert list(median.x) == [0.0118, 0.034, 0.068]
    assert list(median.customdata) == [s.case.case_id for s in (OPENVINO, FP32, BF16)]
    assert [a.text for a in chart.layout.annotations][:3] == ["<b>11.8</b> ms", "<b>34.0</b> ms", "<b>68.0</b> ms"]
    assert any(shape.x0 == pytest.approx(0.034) for shape in chart.layout.shapes)


def test_higher_is_first_for_throughput():
    chart = backend_comparison([BF16, OPENVINO], metric=Metric.THROUGHPUT, theme="light")
    assert chart.layout.yaxis.ticktext[0] == "openvino <b>int8</b>"


def test_bars_start_at_zero_and_are_never_logarithmic():
    chart = backend_comparison([FP32, BF16], metric=Metric.LATENCY, theme="light")
    assert chart.layout.xaxis.range[0] == 0
    assert chart.layout.xaxis.type is None
    assert chart.layout.xaxis.ticktext[-1].endswith(" ms")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_mark_is_coloured_by_identity_and_the_verdict_beside_it_by_verdict(theme):
    verdicts = {OPENVINO.case.case_id: judged(Verdict.BETTER, 0.347)}
    chart = backend_comparison(
        [FP32, OPENVINO], metric=Metric.LATENCY, theme=theme, baseline=FP32, comparisons=verdicts
    )
    median = next(trace for trace in chart.data if trace.name == "median")
    assert list(median.marker.color) == [backend_color("openvino", theme), backend_color("cpu", theme)]
    assert list(median.marker.symbol) == ["diamond", "circle"]
    verdict = next(a for a in chart.layout.annotations if a.text.startswith("▲"))
    assert (verdict.text, verdict.font.color) == ("▲ 2.88x faster", color("better", theme))


def test_the_narrow_variant_leaves_the_verdict_to_hovering():
    verdicts = {OPENVINO.case.case_id: judged(Verdict.BETTER, 0.347)}
    settings = {"metric": Metric.LATENCY, "theme": "light", "baseline": FP32, "comparisons": verdicts}
    wide = backend_comparison([FP32, OPENVINO], **settings)
    narrow = backend_comparison([FP32, OPENVINO], narrow=True, **settings)
    assert narrow.layout.margin.r < wide.layout.margin.r
    assert not any("faster" in a.text for a in narrow.layout.annotations)
    median = next(trace for trace in narrow.data if trace.name == "median")
    assert "2.88x faster" in median.hovertext[0]


def test_a_prediction_is_hollow():
    predicted = way("cuda", Precision.BF16, 0.003, provenance=Provenance.PREDICTED)
    chart = backend_comparison([FP32, predicted], metric=Metric.LATENCY, theme="light")
    median = next(trace for trace in chart.data if trace.name == "median")
    amount = next(trace for trace in chart.data if trace.name == "amount")
    assert list(median.marker.symbol) == ["diamond-open", "circle"]
    assert list(amount.marker.color) == ["rgba(0,0,0,0)", translucent(backend_color("cpu", "light"), 0.55)]


def test_a_value_without_interval_has_a_slab_of_no_width():
    lone = a_summary(a_case(), estimates={Metric.LATENCY: an_estimate(0.02, spread=None)})
    chart = backend_comparison([lone], metric=Metric.LATENCY, theme="light")
    interval = next(trace for trace in chart.data if trace.name == "interval")
    assert list(interval.x) == [0]


def test_an_interval_far_wider_than_any_value_is_cut_and_marked():
    noisy = a_summary(a_case("vit"), estimates={Metric.LATENCY: an_estimate(0.03, low=0.001, high=9.0)})
    chart = top_models([FP32, noisy], metric=Metric.LATENCY, theme="light")
    assert chart.layout.xaxis.range[1] < 0.034 * 3
    interval = next(trace for trace in chart.data if trace.name == "interval")
    ends = [base + width for base, width in zip(interval.base, interval.x, strict=True)]
    assert max(ends) <= chart.layout.xaxis.range[1], "beyond the paper a printer drops the whole rectangle"
    assert [note.y for note in chart.layout.annotations if note.text == "▸"] == [0]


def test_many_bars_make_the_figure_taller_and_few_fill_it():
    few = backend_comparison([FP32, BF16], metric=Metric.LATENCY, theme="light", height=180)
    assert few.layout.height <= 180
    models = ["bert", "roberta", "gpt2", "llama", "t5", "bart", "vit", "clip", "whisper", "mamba"]
    many = top_models(
        [a_summary(a_case(m)) for m in models], metric=Metric.LATENCY, theme="light", limit=10, height=180
    )
    assert many.layout.height > 10 * ROW_PIXELS


@pytest.mark.parametrize(
    ("verdict", "title"),
    [
        (Verdict.BETTER, "openvino int8 runs bert 2.88x faster than cpu fp32"),
        (Verdict.SAME, "bert: no difference larger than 3\N{THIN SPACE}% between 2 ways"),
        (Verdict.UNDECIDED, "bert: openvino int8 measured 2.88x faster, undecided at n = 10"),
    ],
)
def test_the_title_says_what_is_decided(verdict, title):
    verdicts = {OPENVINO.case.case_id: judged(verdict, 0.347)}
    found = backend_comparison_title([FP32, OPENVINO], metric=Metric.LATENCY, baseline=FP32, comparisons=verdicts)
    assert found == title


def test_the_title_when_the_baseline_itself_is_best():
    verdicts = {BF16.case.case_id: judged(Verdict.WORSE, 2.0)}
    found = backend_comparison_title([FP32, BF16], metric=Metric.LATENCY, baseline=FP32, comparisons=verdicts)
    assert found == "cpu fp32 runs bert 2.00x faster than cpu bf16"


def test_a_third_way_that_is_worse_does_not_hide_two_that_are_level():
    level = {BF16.case.case_id: judged(Verdict.WORSE, 2.0), OPENVINO.case.case_id: judged(Verdict.SAME, 0.99)}
    ways = [FP32, BF16, way("openvino", Precision.INT8, 0.0337)]
    assert backend_comparison_title(ways, metric=Metric.LATENCY, baseline=FP32, comparisons=level) == (
        "openvino int8 and cpu fp32 lead for bert, within 3\N{THIN SPACE}% of each other"
    )
    slower = [FP32, BF16, way("openvino", Precision.INT8, 0.0343)]
    assert backend_comparison_title(slower, metric=Metric.LATENCY, baseline=FP32, comparisons=level) == (
        "cpu fp32 and openvino int8 lead for bert, within 3\N{THIN SPACE}% of each other"
    )


def test_the_title_of_a_single_way():
    assert backend_comparison_title([FP32], metric=Metric.LATENCY) == "One way to run bert is measured: cpu fp32"


def test_top_models_are_limited_coloured_by_family_and_named():
    summaries = [a_summary(a_case("vit"), latencies=(0.06,)), a_summary(a_case("bert"), latencies=(0.04,))]
    chart = top_models(summaries, metric=Metric.LATENCY, theme="light", limit=1)
    median = next(trace for trace in chart.data if trace.name == "median")
    assert list(chart.layout.yaxis.ticktext) == ["<b>bert</b>"]
    assert list(median.marker.color) == [family_color(Family.TEXT_ENCODER, "light")]
    assert any(a.text == "text encoder" for a in chart.layout.annotations)


def test_top_models_title_names_the_leader_or_the_tie():
    bert, vit = a_summary(a_case("bert"), latencies=(0.04,) * 3), a_summary(a_case("vit"), latencies=(0.0401,) * 3)
    gpt2, slow = a_summary(a_case("gpt2"), latencies=(0.5,) * 3), a_summary(a_case("llama"), latencies=(0.9,) * 3)
    title = top_models_title
    assert title([bert, gpt2], metric=Metric.LATENCY) == "bert is fastest on cpu fp32: 40.0 ms"
    assert title([slow, vit, bert], metric=Metric.LATENCY) == "bert and vit lead on cpu fp32, too close to call"
    assert title([vit, bert], metric=Metric.LATENCY) == "No model leads on cpu fp32: their intervals overlap"
    assert title([bert], metric=Metric.LATENCY) == "Only bert is measured on cpu fp32"
    three = [bert, vit, a_summary(a_case("t5"), latencies=(0.0402,) * 3), slow]
    assert title(three, metric=Metric.LATENCY) == "bert, vit and t5 lead on cpu fp32, too close to call"
    four = [*three, a_summary(a_case("bart"), latencies=(0.0403,) * 3)]
    assert title(four, metric=Metric.LATENCY) == "4 of 5 models lead on cpu fp32, too close to call"


def test_one_process_of_a_model_makes_no_leader():
    lone = [a_summary(a_case("bert"), latencies=(0.04,)), a_summary(a_case("vit"), latencies=(0.5,))]
    assert top_models_title(lone, metric=Metric.LATENCY) == "bert measured fastest on cpu fp32, n = 1: 40.0 ms"


def test_a_range_that_begins_at_nothing_is_a_range():
    zero, other = a_summary(a_case("vit"), latencies=(0.04,) * 3), a_summary(a_case("bert"), latencies=(0.04,) * 3)
    metric = Metric.PEAK_MEMORY
    spread = replace(zero.estimates[metric], value=3e8, low=0.0, high=5.05e8)
    narrow = replace(other.estimates[metric], value=4.02e8, low=4e8, high=4.04e8)
    pair = [
        replace(zero, estimates={**zero.estimates, metric: spread}),
        replace(other, estimates={**other.estimates, metric: narrow}),
    ]
    assert top_models_title(pair, metric=metric) == "No model leads on cpu fp32: their intervals overlap"


def test_titles_never_say_that_imported_figures_were_measured():
    ways = ((Precision.FP32, 0.034), (Precision.BF16, 0.068))
    theirs = [way("cpu", precision, latency, provenance=Provenance.IMPORTED) for precision, latency in ways]
    assert backend_comparison_title(theirs[:1], metric=Metric.LATENCY) == "One way to run bert is imported: cpu fp32"
    many = backend_comparison_title(theirs, metric=Metric.LATENCY)
    assert many == "cpu fp32 is, as imported, fastest of 2 ways to run bert"
    assert top_models_title(theirs[:1], metric=Metric.LATENCY) == "Only bert is imported on cpu fp32"


def test_a_size_that_came_with_imported_figures_is_not_called_published():
    case = a_case(size="bert-large-uncased")
    assert sizes_in([a_summary(case)]) == "published"
    assert sizes_in([a_summary(case, provenance=Provenance.IMPORTED)]) == "imported"
