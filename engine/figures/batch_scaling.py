"""How a metric grows with the batch: one line per way to run it, its interval as a band, and the ideal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import plotly.graph_objects as go

from engine.domain.case import Precision
from engine.domain.measurement import Better, Estimate, Metric
from engine.domain.summary import CaseSummary
from engine.figures.axes import linear_ticks, log_range, log_ticks, text_width
from engine.figures.template import figure
from engine.figures.tokens import Theme, backend_color, backend_marker, color, translucent
from engine.figures.wording import hover, is_better, obtained, way, way_options
from engine.formatting import Scale, counted, format_estimate, format_share, format_times, scale_for
from engine.stats.comparison import MARGIN, ratio_interval

MOST_LINES = 6
_LABEL_PIXELS = 14
_IDEAL_ROOM = 1.6
"""How much higher than the data the axis reaches for the ideal line."""
_NO_ANSWER = 2.0
"""Upper over lower bound of a point from which on nothing is said of the growth to or from it."""
_MOST_BAND = 4.0
"""How many times beyond the medians the axis reaches for an interval at most."""
_FLAT = 1.1
"""Growth that the interval of the ratio has to rule out before a plateau is claimed."""
_MARGIN = {"l": 42, "t": 12, "b": 34}
_GROWING = {
    Metric.THROUGHPUT: "throughput",
    Metric.GENERATION_THROUGHPUT: "token rate",
    Metric.DECODE_THROUGHPUT: "decoding rate",
}
"""What would grow with the batch if that cost no time, and how a title calls it."""
_STYLES = {Precision.FP32: "9px,3px", Precision.BF16: "2px,3px", Precision.FP16: "7px,3px,2px,3px"}
"""Dashes that tell precisions of one backend apart; what is not named is solid and filled."""
_WITH_OPTIONS = "12px,3px,2px,3px"
"""Of a line that is compiled, or has an attention or a number of threads of its own; its label says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    label: str
    """The way to run it."""
    summaries: tuple[CaseSummary, ...]
    """By batch size, smallest first; each has the metric."""

    @property
    def backend(self) -> str:
        return self.summaries[0].case.backend

    @property
    def precision(self) -> Precision:
        return self.summaries[0].case.precision

    @property
    def has_options(self) -> bool:
        return bool(way_options(self.summaries[0].case))


def scaling_lines(summaries: Sequence[CaseSummary], metric: Metric) -> list[Line]:
    """The summaries of one model as lines, best at their last batch size first; single points after all lines."""
    known = sorted(
        (summary for summary in summaries if metric in summary.estimates),
        key=lambda summary: (summary.case.backend, summary.case.precision, way(summary.case), summary.case.batch_size),
    )
    grouped = groupby(known, key=lambda summary: way(summary.case))
    lines = [Line(label=label, summaries=tuple(group)) for label, group in grouped]
    sign = -1.0 if metric.better.value == "higher" else 1.0
    return sorted(lines, key=lambda line: (len(line.summaries) == 1, sign * line.summaries[-1].estimates[metric].value))


def has_ideal(metric: Metric) -> bool:
    """Whether it counts items or tokens, so that it grows as the batch does where that costs no time."""
    return metric in _GROWING


def hidden_lines(summaries: Sequence[CaseSummary], metric: Metric) -> str:
    """What a footnote says of the lines beyond those drawn; empty when all are."""
    hidden = len(scaling_lines(summaries, metric)) - MOST_LINES
    return f" · {counted(hidden, 'further line')} not drawn" if hidden > 0 else ""


def efficiency(line: Line, metric: Metric, at: int = -1) -> float:
    """Throughput at the point `at` over that of the first point times the growth of the batch."""
    first, last = line.summaries[0], line.summaries[at]
    growth = last.case.batch_size / first.case.batch_size
    return last.estimates[metric].value / (first.estimates[metric].value * growth)


def batch_scaling(
    summaries: Sequence[CaseSummary], *, metric: Metric, theme: Theme, narrow: bool = False, height: int = 190
) -> go.Figure:
    """Both axes logarithmic, but memory from 0. The dashed line, for rates, is ideal growth of the best line."""
    lines = scaling_lines(summaries, metric)[:MOST_LINES]
    estimates = [summary.estimates[metric] for line in lines for summary in line.summaries]
    scale = scale_for([estimate.value for estimate in estimates], metric)
    bounds = [bound for bound in _reach(estimates) if bound > 0]
    linear = metric.unit == "B"
    low, high = (0.0, max(bounds, default=1.0) * 1.12) if linear else log_range(bounds)
    if has_ideal(metric):
        high = max(high, min(_ideal_end(main_line(lines), metric), high * _IDEAL_ROOM))
    sizes = sorted({summary.case.batch_size for line in lines for summary in line.summaries})
    labels = [_end_label(line, metric, scale) for line in lines]
    right = round(max(text_width(label, 11.5) for label in labels)) + 22
    chart = figure(theme, height, margin={**_MARGIN, "r": right})
    styled = len({(line.precision, line.has_options) for line in lines}) > 1
    if has_ideal(metric):
        _draw_ideal(chart, main_line(lines), metric, high, theme)
    for line in reversed(lines):
        _draw_band(chart, line, metric, theme, (min(bounds, default=0.0), max(bounds, default=1.0)))
    for line in reversed(lines):
        _draw_line(chart, line, metric, theme, styled)
    _label_ends(chart, lines, labels, metric, theme, (low, high), height, linear)
    _label_axes(chart, sizes, (low, high), scale, theme, linear)
    return chart


def batch_scaling_title(summaries: Sequence[CaseSummary], *, metric: Metric) -> str:
    """Where growing the batch stops paying, or what it costs."""
    lines = scaling_lines(summaries, metric)
    best = main_line(lines)
    said = _title_of_line(best, metric)
    if len(lines) == 1 or said.startswith(best.summaries[0].case.model):
        return said
    return f"{best.label}: {said[0].lower()}{said[1:]}"


def main_line(lines: Sequence[Line]) -> Line:
    """The best of those that reach the largest batch: what the title and the ideal line speak of."""
    reach = max(line.summaries[-1].case.batch_size for line in lines)
    return next(line for line in lines if line.summaries[-1].case.batch_size == reach)


def _title_of_line(best: Line, metric: Metric) -> str:
    sizes = [summary.case.batch_size for summary in best.summaries]
    model = best.summaries[0].case.model
    if len(sizes) == 1:
        return f"{model} is {obtained(best.summaries[0])} at batch {sizes[0]} only"
    if any(_is_lost_in_noise(best.summaries[at].estimates[metric]) for at in (0, -1)):
        return f"Too noisy to say how {metric.title.lower()} grows with the batch"
    first, last = (best.summaries[at].estimates[metric].value for at in (0, -1))
    if not has_ideal(metric):
        noun = "memory" if metric.unit == "B" else "time"
        grown = f"for {sizes[-1] / sizes[0]:g}x the items"
        if metric.better is Better.HIGHER:
            return f"{metric.title}: batch {sizes[-1]} reaches {last / first:.2f}x of batch {sizes[0]}, {grown}"
        if last <= first and not _at_most(best.summaries[0], best.summaries[-1], metric, 1 + MARGIN):
            return f"Too noisy to say whether batch {sizes[-1]} takes more {noun} than batch {sizes[0]}"
        if last <= first:
            return f"Batch {sizes[-1]} takes no more {noun} than batch {sizes[0]}, {grown}"
        times = format_times(last / first) if first > 0 else "many times"
        return f"Batch {sizes[-1]} takes {times} the {noun} of batch {sizes[0]}, {grown}"
    plateau = _plateau(best, metric)
    share = format_share(efficiency(best, metric))
    if plateau is not None:
        at = sizes.index(plateau)
        if not all(_at_most(best.summaries[at], later, metric, _FLAT) for later in best.summaries[at + 1 :]):
            return f"Too noisy to say whether {_GROWING[metric]} grows beyond batch {plateau}"
        what = _GROWING[metric].capitalize()
        return f"{what} stops growing at batch {plateau}; batch {sizes[-1]} keeps {share} of ideal"
    times = format_times(last / first)
    return f"Batch {sizes[-1]} brings {times} the {_GROWING[metric]} of batch {sizes[0]}, {share} of ideal"


def _is_lost_in_noise(estimate: Estimate) -> bool:
    return estimate.low is not None and estimate.high is not None and estimate.high > _NO_ANSWER * estimate.low


def _at_most(base: CaseSummary, new: CaseSummary, metric: Metric, factor: float) -> bool:
    """Whether the interval of new over base rules out more than `factor`; not without several processes a side."""
    values = base.process_values.get(metric, ()), new.process_values.get(metric, ())
    high = ratio_interval(*values)[1] if all(values) else None
    return high is not None and high <= factor


def _plateau(line: Line, metric: Metric) -> int | None:
    """The first batch size that no larger one beats by more than their intervals; None while it still grows."""
    for at, summary in enumerate(line.summaries[:-1]):
        here = summary.estimates[metric]
        if not any(_clearly_better(metric, later.estimates[metric], here) for later in line.summaries[at + 1 :]):
            return summary.case.batch_size
    return None


def _clearly_better(metric: Metric, new: Estimate, old: Estimate) -> bool:
    if metric.better.value == "higher":
        return is_better(metric, new.low or new.value, old.high or old.value)
    return is_better(metric, new.high or new.value, old.low or old.value)


def _reach(estimates: Sequence[Estimate]) -> list[float]:
    """What the axis has to hold: the medians and their intervals, but of those only so far as leaves room to read."""
    values = [estimate.value for estimate in estimates]
    least, most = min(values, default=0.0) / _MOST_BAND, max(values, default=0.0) * _MOST_BAND
    ends = [bound for estimate in estimates for bound in (estimate.low, estimate.high) if bound is not None]
    return values + [min(max(end, least), most) for end in ends]


def _draw_ideal(chart: go.Figure, line: Line, metric: Metric, high: float, theme: Theme) -> None:
    start = line.summaries[0]
    value = start.estimates[metric].value
    size = start.case.batch_size
    largest = line.summaries[-1].case.batch_size
    end = min(float(largest), size * high / value)
    if end <= size:
        return
    chart.add_scatter(
        mode="lines",
        x=[size, end],
        y=[value, value * end / size],
        line={"color": color("line-strong", theme), "width": 1.5, "dash": "5px,4px"},
        hoverinfo="skip",
        name="ideal",
    )
    chart.add_annotation(
        x=math.log10(end),
        y=math.log10(value * end / size),
        text="ideal",
        showarrow=False,
        xanchor="left" if end < largest else "right",
        yanchor="top" if end < largest else "bottom",
        xshift=4 if end < largest else -10,
        font={"size": 11, "color": color("text-3", theme)},
    )


def _ideal_end(line: Line, metric: Metric) -> float:
    """What ideal scaling would reach at the line's largest batch."""
    first, last = line.summaries[0], line.summaries[-1]
    return first.estimates[metric].value * last.case.batch_size / first.case.batch_size


def _draw_band(chart: go.Figure, line: Line, metric: Metric, theme: Theme, reach: tuple[float, float]) -> None:
    known = [s for s in line.summaries if s.estimates[metric].low is not None and s.estimates[metric].high is not None]
    if len(known) < 2:
        return
    sizes = [summary.case.batch_size for summary in known]
    lows = [max(summary.estimates[metric].low or 0.0, reach[0]) for summary in known]
    highs = [min(summary.estimates[metric].high or 0.0, reach[1]) for summary in known]
    chart.add_scatter(
        mode="lines",
        x=[*sizes, *reversed(sizes)],
        y=[*highs, *reversed(lows)],
        fill="toself",
        fillcolor=translucent(backend_color(line.backend, theme), 0.2),
        line={"width": 0},
        hoverinfo="skip",
        name=f"{line.label} interval",
    )


def _draw_line(chart: go.Figure, line: Line, metric: Metric, theme: Theme, styled: bool) -> None:
    ink = backend_color(line.backend, theme)
    hollow = styled and line.precision is not Precision.INT8
    symbol = backend_marker(line.backend)
    chart.add_scatter(
        mode="lines+markers",
        x=[summary.case.batch_size for summary in line.summaries],
        y=[summary.estimates[metric].value for summary in line.summaries],
        line={"color": ink, "width": 2, "dash": _style(line) if styled else "solid"},
        marker={
            "size": 7,
            "symbol": symbol,
            "color": color("surface", theme) if hollow else ink,
            "line": {"width": 1.5 if hollow else 1, "color": ink if hollow else color("surface", theme)},
        },
        customdata=[summary.case.case_id for summary in line.summaries],
        hovertext=[_hover(line, at, metric) for at in range(len(line.summaries))],
        hovertemplate="%{hovertext}<extra></extra>",
        name=line.label,
        cliponaxis=False,
    )


def _style(line: Line) -> str:
    return _WITH_OPTIONS if line.has_options else _STYLES.get(line.precision, "solid")


def _hover(line: Line, at: int, metric: Metric) -> str:
    text = hover(line.summaries[at], metric)
    if has_ideal(metric) and at > 0:
        text += f"<br>{format_share(efficiency(line, metric, at))} of ideal"
    return text


def _end_label(line: Line, metric: Metric, scale: Scale) -> str:
    text = format_estimate(line.summaries[-1].estimates[metric], metric, scale=scale)
    return f"<b>{line.label}</b> {text.value}"


def _label_ends(
    chart: go.Figure,
    lines: Sequence[Line],
    labels: Sequence[str],
    metric: Metric,
    theme: Theme,
    bounds: tuple[float, float],
    height: int,
    linear: bool,
) -> None:
    """Beside the last points, moved apart; a thin leader where the label had to move."""
    tall = height - _MARGIN["t"] - _MARGIN["b"]
    values = [line.summaries[-1].estimates[metric].value for line in lines]
    ends = values if linear else [math.log10(value) for value in values]
    low, high = bounds if linear else (math.log10(bounds[0]), math.log10(bounds[1]))
    wanted = [(high - end) / (high - low) * tall for end in ends]
    largest = max(line.summaries[-1].case.batch_size for line in lines)
    for line, label, end, at, placed in zip(
        lines, labels, ends, wanted, apart(wanted, _LABEL_PIXELS, tall), strict=True
    ):
        moved = abs(placed - at) > 5 or line.summaries[-1].case.batch_size < largest
        chart.add_annotation(
            x=math.log10(line.summaries[-1].case.batch_size),
            y=end,
            text=label,
            showarrow=moved,
            arrowhead=0,
            arrowwidth=1,
            arrowcolor=color("line-strong", theme),
            standoff=5,
            ax=12,
            ay=round(placed - at),
            xanchor="left",
            xshift=0 if moved else 12,
            align="left",
            font={"size": 11.5, "color": color("text", theme)},
        )


def apart(positions: Sequence[float], distance: float, limit: float) -> list[float]:
    """`positions` (pixels from the top) moved as little as possible so that neighbours are `distance` apart."""
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    placed = [positions[index] for index in order]
    for at in range(1, len(placed)):
        placed[at] = max(placed[at], placed[at - 1] + distance)
    overflow = placed[-1] - limit if placed else 0.0
    if overflow > 0:
        placed[-1] -= overflow
        for at in range(len(placed) - 2, -1, -1):
            placed[at] = min(placed[at], placed[at + 1] - distance)
    result = [0.0] * len(positions)
    for index, value in zip(order, placed, strict=True):
        result[index] = value
    return result


def _label_axes(
    chart: go.Figure, sizes: Sequence[int], bounds: tuple[float, float], scale: Scale, theme: Theme, linear: bool
) -> None:
    low, high = bounds
    if linear:
        ticks, texts = linear_ticks(high, scale, count=4)
        texts[-1] = texts[-1].removesuffix(f"{scale.gap}{scale.unit}")
        chart.update_yaxes(range=[low, high], tickvals=ticks, ticktext=texts)
    else:
        ticks, texts = log_ticks(low, high, scale)
        chart.update_yaxes(type="log", range=[math.log10(low), math.log10(high)], tickvals=ticks, ticktext=texts)
    margin = 0.06 * max(math.log10(sizes[-1] / sizes[0]), 0.3)
    chart.update_xaxes(
        type="log",
        range=[math.log10(sizes[0]) - margin, math.log10(sizes[-1]) + margin * 0.3],
        tickvals=list(sizes),
        ticktext=[str(size) for size in sizes],
        title={"text": "batch size"},
    )
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
