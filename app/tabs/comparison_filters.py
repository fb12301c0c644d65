"""The filters of Comparison: the chips, and the view's state that they say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import Input
from dash.development.base_component import Component

from app import ids
from app.selection import metric_of, narrowed, sizes_in_use, workload_of
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
    "workload": ids.COMPARISON_WORKLOAD,
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


def metric_options(summaries: Sequence[CaseSummary], state: ViewState) -> list[dict[str, str]]:
    """Those of the workload that were measured; another workload's peak memory is another question."""
    workload = workload_of(state)
    known = {metric for summary in summaries if summary.case.workload is workload for metric in summary.estimates}
    offered = [metric for metric in METRICS[workload] if metric in known]
    return [{"value": metric.label, "label": metric.title.lower()} for metric in offered]


def in_table(summaries: Sequence[CaseSummary], state: ViewState) -> list[CaseSummary]:
    """What passes the filters: cases of every workload until one is chosen."""
    return narrowed(summaries, state, but=() if state.workload is not None else ("workload",))


def filter_chips(summaries: Sequence[CaseSummary], state: ViewState) -> dict[str, Component]:
    cases = [summary.case for summary in summaries]
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
        "workload": (
            "Workload",
            [w.value for w in Workload if w in {case.workload for case in cases}],
            Workload.INFERENCE.value,
        ),
        "size": ("Size", sizes_in_use(cases), "all"),
        "metric": ("Metric", metric_options(summaries, state), "latency"),
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
