"""Horizontal bars with interval, marker and aligned values: what comparisons and rankings share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from engine.domain.measurement import Estimate, Metric
from engine.domain.result import Provenance
from engine.figures.axes import linear_ticks, text_width
from engine.figures.template import figure
from engine.figures.tokens import Theme, color, translucent
from engine.formatting import Scale, format_column, scale_for

ROW_PIXELS = 22
_TALLEST_ROW = 66
_BAR_PIXELS = 7
_INTERVAL_PIXELS = 14
_AXIS_PIXELS = 26
_TOP_PIXELS = 4
_MOST_ROOM = 2.5
"""How many times the largest value the axis reaches at most, however wide an interval is."""
_AXIS_ROOM = 1.03
"""What the axis has beyond what is drawn."""
_BAR_ALPHA = {"light": 0.55, "dark": 0.7}
_NARROW_LABEL_PIXELS = 104


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    """May hold <b> tags: the thing itself is bold."""
    color: str
    marker: str
    estimate: Estimate
    remark: str = ""
    """At the far right: a verdict, a family. Left out on narrow screens."""
    remark_color: str = ""
    """Ink by default."""
    hover: str = ""
    key: str = ""
    """What a click on the bar hands on (customdata)."""
    provenance: Provenance = Provenance.MEASURED


def draw_bars(
    bars: Sequence[Bar],
    *,
    metric: Metric,
    theme: Theme,
    narrow: bool = False,
    baseline: float | None = None,
    height: int | None = None,
) -> go.Figure:
    """One bar each, in the given order from the top; `baseline` (SI) is a dashed line. Bars start at 0.

    Few bars grow taller to fill `height` pixels, up to a limit.
    """
    scale = scale_for([bar.estimate.value for bar in bars], metric)
    texts = format_column([bar.estimate for bar in bars], metric)
    value_pixels = max(text_width(f"{text.value}{scale.gap}{scale.unit}") for text in texts) + 12
    remark_pixels = 0.0 if narrow else max((text_width(bar.remark) + 20 for bar in bars if bar.remark), default=0.0)
    label_pixels = max(text_width(bar.label) for bar in bars) + 10
    if narrow:
        label_pixels = min(label_pixels, _NARROW_LABEL_PIXELS)
    chart = figure(
        theme,
        _height(len(bars), height),
        barmode="overlay",
        margin={
            "l": round(label_pixels),
            "r": round(value_pixels + remark_pixels),
            "t": _TOP_PIXELS,
            "b": _AXIS_PIXELS,
        },
    )
    _draw_amounts(chart, bars, theme, (chart.layout.height - _AXIS_PIXELS - _TOP_PIXELS) / len(bars))
    _label_axes(chart, bars, scale, theme, narrow)
    _mark_cut_intervals(chart, bars, theme)
    _label_values(
        chart, bars, texts_of=[text.value for text in texts], scale=scale, theme=theme, value_pixels=value_pixels
    )
    if not narrow:
        _label_remarks(chart, bars, theme, value_pixels)
    if baseline is not None:
        chart.add_vline(x=baseline, line={"color": color("line-strong", theme), "width": 1.5, "dash": "2px,3px"})
    return chart


def _height(count: int, wanted: int | None) -> int:
    frame = _AXIS_PIXELS + _TOP_PIXELS
    row = min(max(((wanted or 0) - frame) / count, ROW_PIXELS), _TALLEST_ROW)
    return round(count * row) + frame


def _draw_amounts(chart: go.Figure, bars: Sequence[Bar], theme: Theme, row_pixels: float) -> None:
    rows = list(range(len(bars)))
    predicted = [bar.provenance is Provenance.PREDICTED for bar in bars]
    ground = color("surface", theme)
    chart.add_bar(
        orientation="h",
        x=[bar.estimate.value for bar in bars],
        y=rows,
        width=_BAR_PIXELS / row_pixels,
        marker={
            "color": [
                "rgba(0,0,0,0)" if guess else translucent(bar.color, _BAR_ALPHA[theme])
                for bar, guess in zip(bars, predicted, strict=True)
            ],
            "line": {
                "width": [1 if guess else 0 for guess in predicted],
                "color": [bar.color for bar in bars],
            },
        },
        hoverinfo="skip",
        name="amount",
    )
    end = _axis_end(bars) * _AXIS_ROOM
    intervals = [_drawn_interval(bar.estimate, end) for bar in bars]
    chart.add_bar(
        orientation="h",
        base=[low for low, _ in intervals],
        x=[high - low for low, high in intervals],
        y=rows,
        width=_INTERVAL_PIXELS / row_pixels,
        marker={"color": [translucent(bar.color, 0.3) for bar in bars], "line": {"width": 0}},
        hoverinfo="skip",
        name="interval",
    )
    chart.add_scatter(
        mode="markers",
        x=[bar.estimate.value for bar in bars],
        y=rows,
        marker={
            "size": 9,
            "symbol": ["diamond-open" if guess else bar.marker for bar, guess in zip(bars, predicted, strict=True)],
            "color": [bar.color for bar in bars],
            "line": {
                "width": 1,
                "color": [bar.color if guess else ground for bar, guess in zip(bars, predicted, strict=True)],
            },
        },
        customdata=[bar.key for bar in bars],
        hovertext=[bar.hover for bar in bars],
        hovertemplate="%{hovertext}<extra></extra>",
        name="median",
        cliponaxis=False,
    )


def _drawn_interval(estimate: Estimate, end: float) -> tuple[float, float]:
    """Cut at the axis: printers drop a rectangle that reaches far beyond the paper."""
    low, high = estimate.low or estimate.value, estimate.high or estimate.value
    return min(low, end), min(high, end)


def _label_axes(chart: go.Figure, bars: Sequence[Bar], scale: Scale, theme: Theme, narrow: bool) -> None:
    highest = _axis_end(bars)
    ticks, labels = linear_ticks(highest * 1.02, scale, count=4 if narrow else 5)
    if narrow:
        labels[-1] = labels[-1].removesuffix(f"{scale.gap}{scale.unit}")  # the column of values names it
    chart.update_xaxes(range=[0, highest * _AXIS_ROOM or 1.0], tickvals=ticks, ticktext=labels)
    chart.update_yaxes(
        range=[len(bars) - 0.5, -0.5],
        tickvals=list(range(len(bars))),
        ticktext=[bar.label for bar in bars],
        tickfont={"size": 12, "color": color("text", theme)},
        showgrid=False,
        ticklabelstandoff=6,
    )


def _axis_end(bars: Sequence[Bar]) -> float:
    """Where the axis ends: past the widest interval, unless that would squeeze all values into a corner."""
    largest = max(bar.estimate.value for bar in bars)
    return min(max(max(bar.estimate.high or 0.0, bar.estimate.value) for bar in bars), _MOST_ROOM * largest)


def _mark_cut_intervals(chart: go.Figure, bars: Sequence[Bar], theme: Theme) -> None:
    """An arrow where an interval goes on beyond the axis; hovering gives its end."""
    for row, bar in enumerate(bars):
        if (bar.estimate.high or 0.0) > _axis_end(bars):
            chart.add_annotation(
                x=1,
                xref="paper",
                xanchor="left",
                y=row,
                text="▸",
                showarrow=False,
                font={"size": 11, "color": color("text-3", theme)},
            )


def _label_values(
    chart: go.Figure, bars: Sequence[Bar], *, texts_of: Sequence[str], scale: Scale, theme: Theme, value_pixels: float
) -> None:
    """Right-aligned in one column, the number bold."""
    for row, (bar, text) in enumerate(zip(bars, texts_of, strict=True)):
        guess = bar.provenance is Provenance.PREDICTED
        chart.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            xshift=round(value_pixels),
            y=row,
            text=f"<b>{text}</b>{scale.gap}{scale.unit}",
            showarrow=False,
            font={"size": 12, "color": color("predicted" if guess else "text", theme)},
        )


def _label_remarks(chart: go.Figure, bars: Sequence[Bar], theme: Theme, value_pixels: float) -> None:
    for row, bar in enumerate(bars):
        if bar.remark:
            chart.add_annotation(
                x=1,
                xref="paper",
                xanchor="left",
                xshift=round(value_pixels + 14),
                y=row,
                text=bar.remark,
                showarrow=False,
                font={"size": 12, "color": bar.remark_color or color("text-2", theme)},
            )
