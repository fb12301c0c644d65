"""The scaling chart: lines, bands, the ideal, labels that keep apart, and the sentence."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from engine.domain.case import Precision
from engine.domain.measurement import Estimate, Metric
from engine.figures.batch_scaling import (
    apart,
    batch_scaling,
    batch_scaling_title,
    efficiency,
    hidden_lines,
    scaling_lines,
)
from tests.builders import a_case, a_summary


def curve(latencies: dict[int, float], precision: Precision = Precision.FP32, backend: str = "cpu"):
    return [
        a_summary(a_case(batch_size=batch, precision=precision, backend=backend), latencies=(t * 0.999, t, t * 1.001))
        for batch, t in latencies.items()
    ]


GROWING = curve({1: 0.04, 2: 0.05, 4: 0.07, 8: 0.11})
FLAT = curve({1: 0.04, 2: 0.05, 4: 0.1, 8: 0.2})


def test_one_line_per_backend_and_precision_best_first():
    lines = scaling_lines([*curve({1: 0.08, 8: 0.4}, Precision.BF16), *reversed(GROWING)], Metric.THROUGHPUT)
    assert [line.label for line in lines] == ["cpu fp32", "cpu bf16"]
    assert [summary.case.batch_size for summary in lines[0].summaries] == [1, 2, 4, 8]


def test_efficiency_is_throughput_over_that_of_the_first_batch_scaled():
    (line,) = scaling_lines(GROWING, Metric.THROUGHPUT)
    assert efficiency(line, Metric.THROUGHPUT) == pytest.approx((8 / 0.11) / (1 / 0.04 * 8))


def test_both_axes_are_logarithmic_with_ticks_at_the_measured_sizes():
    chart = batch_scaling(GROWING, metric=Metric.THROUGHPUT, theme="light")
    assert (chart.layout.xaxis.type, chart.layout.yaxis.type) == ("log", "log")
    assert list(chart.layout.xaxis.tickvals) == [1, 2, 4, 8]
    assert len(chart.layout.yaxis.tickvals) >= 3


def test_throughput_has_a_dashed_ideal_line_and_a_band():
    chart = batch_scaling(GROWING, metric=Metric.THROUGHPUT, theme="light")
    names = [trace.name for trace in chart.data]
    assert {"ideal", "cpu fp32", "cpu fp32 interval"} <= set(names)
    ideal = next(trace for trace in chart.data if trace.name == "ideal")
    assert ideal.y[1] / ideal.y[0] == pytest.approx(ideal.x[1] / ideal.x[0])
    assert ideal.line.dash == "5px,4px"


def test_latency_and_memory_have_no_ideal_and_memory_starts_at_zero():
    assert "ideal" not in [trace.name for trace in batch_scaling(GROWING, metric=Metric.LATENCY, theme="light").data]
    memory = batch_scaling(GROWING, metric=Metric.PEAK_MEMORY, theme="light")
    assert memory.layout.yaxis.type is None
    assert memory.layout.yaxis.range[0] == 0


def test_precisions_of_one_backend_differ_by_dash_and_fill():
    chart = batch_scaling([*GROWING, *curve({1: 0.08, 8: 0.5}, Precision.BF16)], metric=Metric.LATENCY, theme="light")
    dashes = {trace.name: trace.line.dash for trace in chart.data if trace.mode == "lines+markers"}
    assert dashes == {"cpu fp32": "9px,3px", "cpu bf16": "2px,3px"}


def test_a_single_precision_is_solid():
    chart = batch_scaling(GROWING, metric=Metric.LATENCY, theme="light")
    assert [trace.line.dash for trace in chart.data if trace.mode == "lines+markers"] == ["solid"]


def test_at_most_six_lines_are_drawn():
    many = [s for at in range(8) for s in curve({1: 0.01 * (at + 1), 8: 0.05 * (at + 1)}, backend=f"backend{at}")]
    chart = batch_scaling(many, metric=Metric.LATENCY, theme="light")
    assert len([trace for trace in chart.data if trace.mode == "lines+markers"]) == 6
    assert hidden_lines(many, Metric.LATENCY) == " · 2 further lines not drawn"
    assert hidden_lines(GROWING, Metric.LATENCY) == ""


def test_end_labels_name_the_line_and_its_last_value():
    chart = batch_scaling(GROWING, metric=Metric.THROUGHPUT, theme="light")
    assert any(a.text == "<b>cpu fp32</b> 72.7" for a in chart.layout.annotations) or any(
        a.text.startswith("<b>cpu fp32</b> 7") for a in chart.layout.annotations
    )


def test_an_interval_of_no_use_does_not_decide_the_axis():
    def lost(estimate: Estimate) -> Estimate:
        return replace(estimate, low=estimate.value * 1e-6, high=estimate.value * 1e6)

    noisy = [
        replace(summary, estimates={metric: lost(found) for metric, found in summary.estimates.items()})
        for summary in GROWING
    ]
    chart = batch_scaling(noisy, metric=Metric.LATENCY, theme="light")
    low, high = chart.layout.yaxis.range
    assert high - low < 2.5, "decades"
    band = next(trace for trace in chart.data if trace.name.endswith("interval"))
    assert low <= math.log10(min(band.y)) and math.log10(max(band.y)) <= high
    assert 3 <= len(chart.layout.yaxis.tickvals) <= 7


@pytest.mark.parametrize(
    "positions", [[10.0, 11.0, 12.0], [0.0, 100.0], [138.0, 139.0, 140.0], [50.0, 50.0, 50.0, 50.0]]
)
def test_labels_keep_their_distance_inside_the_chart(positions):
    placed = apart(positions, 14, 140)
    ordered = sorted(placed)
    assert all(b - a >= 14 - 1e-9 for a, b in itertools.pairwise(ordered))
    assert max(placed) <= 140
    assert sorted(range(len(positions)), key=lambda i: positions[i]) == sorted(
        range(len(placed)), key=lambda i: placed[i]
    )


@pytest.mark.parametrize(
    ("summaries", "metric", "title"),
    [
        (FLAT, Metric.THROUGHPUT, "Throughput stops growing at batch 2; batch 8 keeps 20\N{THIN SPACE}% of ideal"),
        (GROWING, Metric.THROUGHPUT, "Batch 8 brings 2.91x the throughput of batch 1, 36\N{THIN SPACE}% of ideal"),
        (GROWING, Metric.LATENCY, "Batch 8 takes 2.75x the time of batch 1, for 8x the items"),
        (GROWING[:1], Metric.LATENCY, "bert is measured at batch 1 only"),
    ],
)
def test_the_title_answers_what_a_larger_batch_brings(summaries, metric, title):
    assert batch_scaling_title(summaries, metric=metric) == title


def test_a_plateau_is_not_claimed_where_noise_hides_growth():
    def wide(estimate: Estimate) -> Estimate:
        return replace(estimate, low=estimate.value * 0.8, high=estimate.value * 1.25)

    growing = curve({1: 0.1, 8: 0.64})
    noisy = [
        replace(summary, estimates={metric: wide(found) for metric, found in summary.estimates.items()})
        for summary in growing
    ]
    title = batch_scaling_title(noisy, metric=Metric.THROUGHPUT)
    assert title == "Too noisy to say whether throughput grows beyond batch 1"


def test_a_plateau_needs_intervals_that_rule_growth_out():
    def processes(batch_size: int, middle: float, spread: float):
        throughputs = [middle * (1 + spread * step) for step in range(-2, 3)]
        return a_summary(a_case(batch_size=batch_size), latencies=[batch_size / rate for rate in throughputs])

    flat = [processes(1, 100.0, 0.002), processes(4, 101.0, 0.002)]
    rising = [processes(1, 100.0, 0.06), processes(4, 101.0, 0.06)]
    assert batch_scaling_title(flat, metric=Metric.THROUGHPUT).startswith("Throughput stops growing at batch 1;")
    doubtful = "Too noisy to say whether throughput grows beyond batch 1"
    assert batch_scaling_title(rising, metric=Metric.THROUGHPUT) == doubtful


def test_the_title_speaks_of_the_best_line_that_reaches_the_largest_batch():
    short = curve({1: 0.01, 2: 0.02}, Precision.BF16)
    title = batch_scaling_title([*GROWING, *short], metric=Metric.LATENCY)
    assert title == "cpu fp32: batch 8 takes 2.75x the time of batch 1, for 8x the items"


def test_the_title_claims_nothing_from_points_lost_in_noise():
    def lost(estimate: Estimate) -> Estimate:
        return replace(estimate, low=estimate.value / 3, high=estimate.value * 3)

    noisy = [
        replace(summary, estimates={metric: lost(found) for metric, found in summary.estimates.items()})
        for summary in GROWING
    ]
    assert batch_scaling_title(noisy, metric=Metric.LATENCY) == "Too noisy to say how latency grows with the batch"
    assert (
        batch_scaling_title(noisy, metric=Metric.THROUGHPUT) == "Too noisy to say how throughput grows with the batch"
    )


def test_a_chart_of_one_batch_size_can_be_drawn():
    chart = batch_scaling(GROWING[:1], metric=Metric.THROUGHPUT, theme="dark")
    assert all(math.isfinite(bound) for bound in chart.layout.yaxis.range)


def test_compiled_and_eager_cases_are_two_lines_that_look_different():
    compiled = [replace(summary, case=replace(summary.case, compiled=True)) for summary in curve({1: 0.02, 8: 0.05})]
    both = [*GROWING, *compiled]
    assert [line.label for line in scaling_lines(both, Metric.THROUGHPUT)] == ["cpu fp32 compiled", "cpu fp32"]
    chart = batch_scaling(both, metric=Metric.THROUGHPUT, theme="light")
    dashes = {trace.name: trace.line.dash for trace in chart.data if trace.mode == "lines+markers"}
    assert dashes["cpu fp32"] != dashes["cpu fp32 compiled"]
