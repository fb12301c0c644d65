"""The model types run one way, best first."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from engine.domain.measurement import Estimate, Metric
from engine.domain.summary import CaseSummary
from engine.figures.bars import Bar, draw_bars
from engine.figures.tokens import FAMILY_SLOTS, MARKERS, Theme, color, family_color
from engine.figures.wording import best_first, best_word, hover, obtained, turned_out, way
from engine.formatting import format_estimate, join_words

_MOST_NAMED = 2
"""Models beside the first that a title names; more of them are counted."""


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
            label=f"<b>{summary.case.model}</b>",
            color=family_color(summary.case.family, theme),
            marker=MARKERS[FAMILY_SLOTS[summary.case.family]],
            estimate=summary.estimates[metric],
            remark=summary.case.family.label,
            remark_color=color("text-2", theme),
            hover=hover(summary, metric),
            key=summary.case.model,
            provenance=summary.provenance,
        )
        for summary in best_first(list(summaries), metric)[:limit]
    ]
    return draw_bars(bars, metric=metric, theme=theme, narrow=narrow, height=height)


def top_models_title(summaries: Sequence[CaseSummary], *, metric: Metric) -> str:
    """The leader with its figure, or that the measurements do not tell it from the next."""
    ranked = best_first(list(summaries), metric)
    first, place = ranked[0], way(ranked[0].case)
    if len(ranked) == 1:
        return f"Only {first.case.model} is {obtained(first)} on {place}"
    figure = format_estimate(first.estimates[metric], metric)
    if first.estimates[metric].processes < 2 or ranked[1].estimates[metric].processes < 2:
        return f"{first.case.model} {turned_out(first)} {best_word(metric)} on {place}, n = 1: {figure.plain}"
    tied = [other for other in ranked[1:] if _overlap(first.estimates[metric], other.estimates[metric])]
    if tied and len(tied) == len(ranked) - 1:
        return f"No model leads on {place}: their intervals overlap"
    if len(tied) > _MOST_NAMED:
        return f"{len(tied) + 1} of {len(ranked)} models lead on {place}, too close to call"
    if tied:
        names = join_words([summary.case.model for summary in (first, *tied)])
        return f"{names} lead on {place}, too close to call"
    return f"{first.case.model} is {best_word(metric)} on {place}: {figure.plain}"


def _overlap(first: Estimate, second: Estimate) -> bool:
    """An estimate without an interval could be anything: one process says nothing of how processes differ."""
    if None in (first.low, first.high, second.low, second.high) or 1 in (first.processes, second.processes):
        return True
    return bool(first.low <= second.high and second.low <= first.high)  # type: ignore[operator]
