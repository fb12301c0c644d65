"""The raw points behind a comparison: one strip per case, one dot per process."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from engine.domain.measurement import Metric
from engine.domain.summary import CaseSummary
from engine.figures.axes import text_width
from engine.figures.template import figure
from engine.figures.tokens import Theme, backend_color, backend_marker, color, translucent
from engine.figures.wording import way
from engine.formatting import format_value, scale_for

_ROW_PIXELS = 30


def process_strip(summaries: Sequence[CaseSummary], *, metric: Metric, theme: Theme) -> go.Figure:
    """Per-process medians of each summary; not from zero, since only the spread is at issue."""
    values = [summary.process_values.get(metric, ()) for summary in summaries]
    every = [value for found in values for value in found]
    scale = scale_for(every, metric)
    labels = [way(summary.case) for summary in summaries]
    chart = figure(
        theme,
        _ROW_PIXELS * len(summaries) + 30,
        margin={"l": round(max(text_width(label) for label in labels)) + 12, "r": 16, "t": 2, "b": 24},
    )
    for row, (summary, found) in enumerate(zip(summaries, values, strict=True)):
        chart.add_scatter(
            mode="markers",
            x=[scale.of(value) for value in found],
            y=[row + (0.14 if index % 2 else -0.14) * (len(found) > 1) for index in range(len(found))],
            marker={
                "size": 8,
                "symbol": backend_marker(summary.case.backend),
                "color": translucent(backend_color(summary.case.backend, theme), 0.7),
            },
            hovertext=[f"process {index + 1}: {format_value(value, metric)}" for index, value in enumerate(found)],
            hovertemplate="%{hovertext}<extra></extra>",
            name=labels[row],
        )
    low, high = scale.of(min(every)), scale.of(max(every))
    room = (high - low) * 0.08 or high * 0.05 or 1.0
    chart.update_xaxes(
        range=[low - room, high + room], nticks=6, ticksuffix=f"{scale.gap}{scale.unit}", showticksuffix="last"
    )
    chart.update_yaxes(
        range=[len(summaries) - 0.5, -0.5],
        tickvals=list(range(len(summaries))),
        ticktext=labels,
        tickfont={"size": 12, "color": color("text-2", theme)},
        ticklabelstandoff=6,
        showgrid=False,
    )
    return chart
