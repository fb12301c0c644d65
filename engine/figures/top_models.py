"""The model types of one backend and precision, best first."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from engine.domain.measurement import Estimate, Metric
from engine.domain.summary import CaseSummary
from engine.figures.bars import Bar, draw_bars
from engine.figures.tokens import FAMILY_SLOTS, MARKERS, Theme, color, family_color
from engine.figures.wording import best_first, best_word, hover, way
from engine.formatting import format_estimate


def top_models(
    summaries: Sequence[CaseSummary],
    *,
    metric: Metric,
    theme: Theme,
    limit: int = 8,
    narrow: bool = False,
    height: int | None = None,
) -> go.Figure:
    """The best `limit` of `summaries`, one per model type; colour and marker say the family, and so does a word."""
    bars = [
        Bar(
            label=f"<b>{summary.case.model_type}</b>",
            color=family_color(summary.case.family, theme),
            marker=MARKERS[FAMILY_SLOTS[summary.case.family]],
            estimate=summary.estimates[metric],
            remark=summary.case.family.label,
            remark_color=color("text-2", theme),
            hover=hover(summary, metric),
            key=summary.case.model_type,
            provenance=summary.provenance,
        )
        for summary in best_first(list(summaries), metric)[:limit]
    ]
    return draw_bars(bars, metric=metric, theme=theme, narrow=narrow, height=height)


def top_models_title(summaries: Sequence[CaseSummary], *, metric: Metric) -> str:
    """The leader with its figure, or that the leaders' intervals overlap."""
    ranked = best_first(list(summaries), metric)
    first = ranked[0]
    if len(ranked) == 1:
        return f"Only {first.case.model_type} is measured on {way(first.case)}"
    tied = [other for other in ranked[1:] if _overlap(first.estimates[metric], other.estimates[metric])]
    if tied and len(tied) == len(ranked) - 1:
        return f"No model leads on {way(first.case)}: their intervals overlap"
    if tied:
        return f"{first.case.model_type} and {tied[0].case.model_type} lead on {way(first.case)}, too close to call"
    figure = format_estimate(first.estimates[metric], metric)
    return f"{first.case.model_type} is {best_word(metric)} on {way(first.case)}: {figure.plain}"


def _overlap(first: Estimate, second: Estimate) -> bool:
    """Without an interval a value stands for itself."""
    low, high = first.low or first.value, first.high or first.value
    other_low, other_high = second.low or second.value, second.high or second.value
    return low <= other_high and other_low <= high
