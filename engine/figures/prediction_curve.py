"""A predicted metric over batch sizes, with its interval, among what was measured of the same model."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from engine.domain.measurement import Metric
from engine.domain.prediction import PredictedCase, Prediction
from engine.domain.summary import CaseSummary
from engine.figures.axes import log_range, log_ticks, text_width
from engine.figures.template import figure
from engine.figures.tokens import Theme, color, translucent
from engine.figures.wording import hover
from engine.formatting import Scale, format_estimate, scale_for

_MARGIN = {"l": 46, "t": 12, "b": 34}


def prediction_curve(predicted: PredictedCase, *, metric: Metric, theme: Theme, height: int = 330) -> go.Figure:
    """Both axes logarithmic; predictions dashed with their band, measured points as discs with their interval."""
    curve = predicted.curve[metric]
    known = [s for s in predicted.measured if metric in s.estimates and s.estimates[metric].value > 0]
    asked = predicted.predictions[metric]
    scale = scale_for([asked.value], metric)
    values = [bound for point in curve for bound in (point.low, point.high)]
    values += [summary.estimates[metric].value for summary in known]
    low, high = log_range(values)
    label = format_estimate(asked.estimate, metric, scale=scale)
    chart = figure(theme, height, margin={**_MARGIN, "r": 84})
    _draw_band(chart, curve, theme)
    _draw_line(chart, curve, metric, scale, theme)
    _draw_measured(chart, known, metric, theme)
    _draw_asked(chart, asked, low, f"<b>{label.plain}</b> {label.interval}", theme)
    sizes = sorted({point.case.batch_size for point in curve} | {summary.case.batch_size for summary in known})
    span = math.log10(sizes[-1] / sizes[0])
    margin = 0.05 * max(span, 0.3)
    chart.update_xaxes(
        type="log",
        range=[math.log10(sizes[0]) - margin, math.log10(sizes[-1]) + margin],
        tickvals=sizes,
        ticktext=[str(size) for size in sizes],
        title={"text": "batch size"},
    )
    ticks, texts = log_ticks(low, high, scale)
    chart.update_yaxes(type="log", range=[math.log10(low), math.log10(high)], tickvals=ticks, ticktext=texts)
    chart.add_annotation(
        x=0,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="top",
        xshift=4,
        text=scale.unit,
        showarrow=False,
        font={"size": 11, "color": color("text-3", theme)},
    )
    return chart


def _draw_band(chart: go.Figure, curve: tuple[Prediction, ...], theme: Theme) -> None:
    sizes = [point.case.batch_size for point in curve]
    chart.add_scatter(
        mode="lines",
        x=[*sizes, *reversed(sizes)],
        y=[*(point.high for point in curve), *(point.low for point in reversed(curve))],
        fill="toself",
        fillcolor=translucent(color("predicted", theme), 0.18),
        line={"width": 0},
        hoverinfo="skip",
        name="interval",
    )


def _draw_line(chart: go.Figure, curve: tuple[Prediction, ...], metric: Metric, scale: Scale, theme: Theme) -> None:
    chart.add_scatter(
        mode="lines",
        x=[point.case.batch_size for point in curve],
        y=[point.value for point in curve],
        line={"color": color("predicted", theme), "width": 2, "dash": "7px,4px"},
        hovertext=[_hover(point, metric, scale) for point in curve],
        hovertemplate="%{hovertext}<extra></extra>",
        name="predicted",
    )
    last = curve[-1]
    chart.add_annotation(
        x=math.log10(last.case.batch_size),
        y=math.log10(last.value),
        text="predicted",
        showarrow=False,
        xanchor="left",
        xshift=14,
        font={"size": 11.5, "color": color("predicted", theme)},
    )


def _draw_measured(chart: go.Figure, known: list[CaseSummary], metric: Metric, theme: Theme) -> None:
    estimates = [summary.estimates[metric] for summary in known]
    chart.add_scatter(
        mode="markers",
        x=[summary.case.batch_size for summary in known],
        y=[estimate.value for estimate in estimates],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [max((e.high or e.value) - e.value, 0.0) for e in estimates],
            "arrayminus": [max(e.value - (e.low or e.value), 0.0) for e in estimates],
            "thickness": 1.5,
            "width": 0,
            "color": color("measured", theme),
        },
        marker={
            "size": 8,
            "color": color("measured", theme),
            "line": {"width": 1, "color": color("surface", theme)},
        },
        customdata=[summary.case.case_id for summary in known],
        hovertext=[hover(summary, metric) for summary in known],
        hovertemplate="%{hovertext}<extra></extra>",
        name="measured",
        cliponaxis=False,
    )


def _draw_asked(chart: go.Figure, asked: Prediction, floor: float, label: str, theme: Theme) -> None:
    size = asked.case.batch_size
    chart.add_scatter(
        mode="lines",
        x=[size, size],
        y=[floor, asked.value],
        line={"color": color("predicted", theme), "width": 1, "dash": "2px,3px"},
        hoverinfo="skip",
        name="asked",
    )
    chart.add_scatter(
        mode="markers",
        x=[size],
        y=[asked.value],
        marker={
            "size": 13,
            "symbol": "diamond",
            "color": color("surface", theme),
            "line": {"width": 2, "color": color("predicted", theme)},
        },
        hoverinfo="skip",
        name="asked",
    )
    wide = text_width(label, 12)
    chart.add_annotation(
        x=math.log10(size),
        y=math.log10(asked.value),
        text=label,
        showarrow=False,
        xanchor="left",
        yanchor="top",
        xshift=10 if wide < 120 else 6,
        yshift=-8,
        font={"size": 12, "color": color("text", theme)},
    )


def _hover(point: Prediction, metric: Metric, scale: Scale) -> str:
    text = format_estimate(point.estimate, metric, scale=scale)
    far = "<br>beyond what was measured" if point.is_extrapolation else ""
    return (
        f"<b>{point.case.model}</b> batch {point.case.batch_size}<br>"
        f"{metric.title.lower()} <b>{text.plain}</b> ({text.interval})<br>"
        f"predicted, {point.confidence:.0%} interval{far}"
    )
