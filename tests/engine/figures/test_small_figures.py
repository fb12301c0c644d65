"""Axes, template, sparkline and strip."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.summary import Verdict
from engine.figures.axes import linear_ticks, log_ticks, nice_step
from engine.figures.process_strip import process_strip
from engine.figures.sparkline import sparkline
from engine.figures.template import template
from engine.figures.tokens import FONT, color
from engine.formatting import scale_for
from tests.builders import a_case, a_summary


@pytest.mark.parametrize(("rough", "step"), [(0.9, 1), (1, 1), (1.1, 2), (3, 5), (6, 10), (0.03, 0.05), (180, 200)])
def test_steps_are_one_two_or_five(rough, step):
    assert nice_step(rough) == pytest.approx(step)


def test_linear_ticks_start_at_zero_and_name_the_unit_once():
    values, labels = linear_ticks(0.0815, scale_for([0.04], Metric.LATENCY))
    assert values == pytest.approx([0, 0.02, 0.04, 0.06, 0.08])
    assert labels == ["0", "20", "40", "60", "80 ms"]


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [(0.0009, 1.1, ["1", "10", "100", "1,000"]), (0.011, 0.026, ["12", "14", "16", "18", "20", "25"])],
)
def test_log_ticks_are_as_fine_as_the_range_needs(low, high, labels):
    scale = scale_for([0.02], Metric.LATENCY)
    values, found = log_ticks(low, high, scale)
    assert found == labels
    assert all(low <= value <= high * 1.0001 for value in values)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_template_is_quiet_and_in_our_type(theme):
    layout = template(theme).layout
    assert (layout.paper_bgcolor, layout.showlegend, layout.font.family) == ("rgba(0,0,0,0)", False, FONT)
    assert layout.xaxis.gridcolor == color("line", theme)
    assert not layout.yaxis.zeroline


def test_a_sparkline_is_an_svg_inside_its_box_and_wears_the_verdict():
    svg = sparkline([3.0, 1.0, 2.0], theme="light", band=(1.0, 2.5), verdict=Verdict.WORSE)
    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height")) == ("84", "24")
    line = next(e for e in root.iter() if e.tag.endswith("polyline"))
    points = [tuple(map(float, pair.split(","))) for pair in line.get("points", "").split()]
    assert len(points) == 3 and all(0 <= x <= 84 and 0 <= y <= 24 for x, y in points)
    assert next(e for e in root.iter() if e.tag.endswith("circle")).get("fill") == color("worse", "light")


def test_a_flat_history_lies_in_the_middle():
    assert 'points="4.0,12.0 80.0,12.0"' in sparkline([1.0, 1.0], theme="dark")


def test_the_strip_shows_every_process():
    fp32 = a_summary(a_case(), latencies=(0.04, 0.041, 0.042))
    bf16 = a_summary(a_case(precision=Precision.BF16), latencies=(0.08, 0.081))
    chart = process_strip([fp32, bf16], metric=Metric.LATENCY, theme="light")
    assert [len(trace.x) for trace in chart.data] == [3, 2]
    assert list(chart.layout.yaxis.ticktext) == ["cpu fp32", "cpu bf16"]
