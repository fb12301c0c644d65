"""The filters of Comparison: the chips, and the view's state that they say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import Input
from dash.development.base_component import Component

from app import ids
from app.selection import metric_of, sizes_in_use
from app.url_state import ViewState, plain, state_of
from app.views.filter_bar import filter_chip
from engine.domain.case import Precision, Workload
from engine.domain.model import Family
from engine.domain.summary import CaseSummary
from engine.domain.workload_metrics import METRICS

FILTERS = {
    "model": ids.COMPARISON_MODEL,
    "family": ids.COMPARISON_FAMILY,
    "backend": ids.COMPARISON_BACKEND,
    "precision": ids.COMPARISON_PRECISION,
    "batch": ids.COMPARISON_BATCH,
    "size": ids.COMPARISON_SIZE,
    "machine": ids.COMPARISON_MACHINE,
    "metric": ids.COMPARISON_METRIC,
    "rows": ids.COMPARISON_ROWS,
    "mode": ids.COMPARISON_MODE,
}
"""Field of the view's state -> the component that holds it; callbacks take them in this order."""
INPUTS = [Input(component, "value") for component in FILTERS.values()]


def state_from(values: Sequence[Any]) -> ViewState:
    return state_of(dict(zip(FILTERS, values, strict=True)))


def filter_chips(summaries: Sequence[CaseSummary], state: ViewState) -> dict[str, Component]:
    cases = [summary.case for summary in summaries]
    metrics = dict.fromkeys(metric for workload in Workload for metric in METRICS[workload])
    known = {metric for summary in summaries for metric in summary.estimates}
    options: dict[str, tuple[str, list[Any], str]] = {
        "model": ("Model", sorted({case.model for case in cases}), "all"),
        "family": (
            "Family",
            [{"value": f.value, "label": f.label} for f in Family if f in {case.family for case in cases}],
            "all",
        ),
        "backend": ("Backend", sorted({case.backend for case in cases}), "all"),
        "precision": ("Precision", [p.value for p in Precision if p in {case.precision for case in cases}], "all"),
        "batch": ("Batch", sorted({case.batch_size for case in cases}), "all"),
        "size": ("Size", sizes_in_use(cases), "all"),
        "metric": (
            "Metric",
            [{"value": metric.label, "label": metric.title.lower()} for metric in metrics if metric in known],
            "latency",
        ),
    }
    return {
        name: filter_chip(
            title,
            FILTERS[name],
            choices,
            plain(metric_of(state)) if name == "metric" else plain(getattr(state, name)),
            placeholder=unset,
            searchable=name == "model",
            clearable=name != "metric",
        )
        for name, (title, choices, unset) in options.items()
    }
