"""The form that starts a run, and what would happen if it were started now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.run_options import COLD, INCREMENTAL, PROGRESSIVE, RunOptions
from app.views.card import card
from app.views.controls import button, copy_button
from app.views.icon import icon
from app.views.marks import backend_mark, status_mark
from engine.domain.case import Precision, Workload
from engine.domain.hardware import BackendStatus
from engine.domain.model import ModelType, Tier
from engine.domain.result import FailureKind
from engine.domain.run import Plan, Protocol, SizeChoice
from engine.formatting import counted, format_count, format_eta, join_words

_LISTED = 60
"""Cases listed in an unfolded preview."""

_KEPT: Mapping[str, Any] = {"persistence": True, "persistence_type": "session"}
"""Another tab or run may be looked at without losing what was typed; an address that fills the form wins."""

_WHY_SKIPPED: Mapping[FailureKind, str] = {
    FailureKind.ALREADY_MEASURED: "measured recently",
    FailureKind.DOES_NOT_FIT: "would not fit in memory",
    FailureKind.NOT_AVAILABLE: "cannot run here",
    FailureKind.PLATEAU: "would tell nothing new",
}


def run_form(options: RunOptions) -> Component:
    """The form with everything that is known without waiting; models and backends are filled in after."""
    more = html.Details(
        [
            html.Summary("More options"),
            html.Div(
                [
                    _field("Processes per case", ids.FORM_PROCESSES, _number(ids.FORM_PROCESSES, options.processes, 3)),
                    _field(
                        "Sequence length",
                        ids.FORM_SEQUENCE_LENGTH,
                        _number(ids.FORM_SEQUENCE_LENGTH, options.sequence_length, "each type's own"),
                    ),
                    _field("Threads", ids.FORM_THREADS, _number(ids.FORM_THREADS, options.threads, "all cores")),
                ],
                className="form-row form-row-3",
            ),
        ],
        className="run-form-more",
    )
    return card(
        "Start a run",
        html.Div(
            [
                _field(
                    "Models",
                    ids.FORM_MODELS,
                    _menu(
                        ids.FORM_MODELS,
                        [{"label": name, "value": name} for name in options.models],
                        list(options.models),
                        multi=True,
                        placeholder="Every model of the tier",
                    ),
                ),
                html.Div(
                    [
                        _field("Tier, when no model is named", ids.FORM_TIER, _tier_menu(options.tier)),
                        _field("Size", ids.FORM_SIZE, _menu(ids.FORM_SIZE, size_options(), options.size)),
                    ],
                    className="form-row",
                ),
                html.Div(
                    [
                        _field(
                            "Backends",
                            ids.FORM_BACKENDS,
                            _menu(
                                ids.FORM_BACKENDS,
                                [{"label": name, "value": name} for name in options.backends or ("cpu",)],
                                list(options.backends or ("cpu",)),
                                multi=True,
                                placeholder="cpu",
                            ),
                        ),
                        _field(
                            "Precision",
                            ids.FORM_PRECISIONS,
                            _menu(
                                ids.FORM_PRECISIONS,
                                [precision.value for precision in Precision],
                                list(options.precisions) or [Precision.FP32.value],
                                multi=True,
                                placeholder="fp32",
                            ),
                        ),
                    ],
                    className="form-row",
                ),
                html.Div(
                    [
                        _field("Batch sizes", ids.FORM_BATCH_SIZES, _batch_sizes(options.batch_sizes)),
                        _field(
                            "Workload",
                            ids.FORM_WORKLOADS,
                            _menu(
                                ids.FORM_WORKLOADS,
                                [workload.value for workload in Workload],
                                list(options.workloads) or [Workload.INFERENCE.value],
                                multi=True,
                                placeholder="inference",
                            ),
                        ),
                    ],
                    className="form-row",
                ),
                dcc.Checklist(
                    id=ids.FORM_SWITCHES,
                    options=[
                        {"value": PROGRESSIVE, "label": "Cheap cases first"},
                        {"value": INCREMENTAL, "label": "Only what is missing or out of date"},
                        {"value": COLD, "label": "Cold processes, nothing preloaded"},
                    ],
                    value=list(options.switches),
                    className="form-switches",
                    **_KEPT,
                ),
                more,
                html.Div(plan_pending(), id=ids.PLAN_PREVIEW, className="plan-preview", **{"aria-live": "polite"}),
                html.Div(
                    [
                        button("Start", id=ids.START_RUN, kind="primary", drawing="play", disabled=True),
                        html.Div(copy_button("", "Copy command"), id=ids.COPY_COMMAND),
                    ],
                    className="action-row",
                ),
                html.Div(id=ids.START_MESSAGE, className="run-message"),
            ],
            className="run-form",
            role="form",
            **{"aria-label": "Start a run"},
        ),
        subtitle="Anything left empty is chosen for you",
        class_name="run-form-card",
    )


def model_options(models: Sequence[ModelType]) -> list[dict[str, Any]]:
    """Verified types, grouped by family in name order."""
    ordered = sorted((model for model in models if model.verified), key=lambda model: (model.family, model.name))
    return [
        {
            "value": model.name,
            "label": model.name,
            "search": f"{model.name} {model.display_name} {model.family.label} {model.task}",
            "title": f"{model.display_name}: {model.family.label}, {model.task}, {model.tier} tier",
        }
        for model in ordered
    ]


def tier_options(models: Sequence[ModelType]) -> list[dict[str, Any]]:
    """Tiers with how many verified types each includes; tiers are cumulative."""
    verified = [model for model in models if model.verified]
    return [
        {
            "value": tier.value,
            "label": f"{tier.value}, {counted(sum(model.tier in tier.included for model in verified), 'model')}",
        }
        for tier in Tier
    ]


def backend_options(statuses: Sequence[BackendStatus]) -> list[dict[str, Any]]:
    """What is here first; what is not stays in the list, disabled, with its reason."""
    ordered = sorted(statuses, key=lambda status: not status.available)
    return [
        {"value": status.backend, "label": backend_mark(status.backend), "search": status.backend}
        if status.available
        else {
            "value": status.backend,
            "search": status.backend,
            "disabled": True,
            "title": status.reason or "Not available here.",
            "label": html.Span(
                [
                    html.Span(status.backend, className="option-name"),
                    html.Span(status.reason or "Not available here.", className="option-reason"),
                ],
                className="option-unavailable",
            ),
        }
        for status in ordered
    ]


def precision_options(statuses: Sequence[BackendStatus], chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Precisions that no chosen backend can do are disabled."""
    able = {
        precision
        for status in statuses
        if status.available and (not chosen or status.backend in chosen)
        for precision in status.precisions
    }
    where = join_words(list(chosen)) if chosen else "what is available here"
    return [
        {"value": precision.value, "label": precision.value}
        if precision.value in able
        else {
            "value": precision.value,
            "label": precision.value,
            "disabled": True,
            "title": f"{precision.value} does not run on {where}.",
        }
        for precision in Precision
    ]


def size_options() -> list[dict[str, str]]:
    return [
        {"value": SizeChoice.AUTO.value, "label": "default where it fits"},
        {"value": SizeChoice.DEFAULT.value, "label": "default"},
        {"value": SizeChoice.TINY.value, "label": "tiny: proves that it runs"},
    ]


def plan_pending() -> Component:
    """Shown until the first plan is there."""
    return html.P("Looking at what this machine can run ...", className="plan-line")


def plan_preview(plan: Plan, *, past_results: int, waiting: int = 0) -> Component:
    """What would run, what would not and why, and how long it may take."""
    runs = {planned.case.case_id for planned in plan.planned}
    cases = len(runs) + len({skipped.case.case_id for skipped in plan.skipped})
    lines = [
        html.P(
            [
                html.B(_how_many(cases, len(runs))),
                f" {_skipped_words(plan)}" if plan.skipped else "",
            ],
            className="plan-line",
        ),
        html.P(_duration(plan, past_results, waiting), className="plan-line"),
    ]
    return html.Div([*lines, *([_listed(plan)] if cases else [])])


def plan_problem(message: str) -> Component:
    """Why nothing can be planned as the form stands."""
    return html.P([icon("status-failed"), html.Span(message)], className="plan-problem", role="alert")


def start_label(plan: Plan, *, waiting: bool) -> str:
    """What the button will do."""
    cases = len({planned.case.case_id for planned in plan.planned})
    if not cases:
        return "Nothing to start"
    return f"{'Queue' if waiting else 'Start'} {counted(cases, 'case')}"


def _how_many(cases: int, running: int) -> str:
    if running == cases:
        return f"{counted(cases, 'case')}, {'which runs' if cases == 1 else 'all of which run'}."
    return f"{counted(cases, 'case')}, of which {format_count(running)} {'runs' if running == 1 else 'run'}."


def _skipped_words(plan: Plan) -> str:
    counts = Counter(skipped.failure.kind for skipped in plan.skipped)
    words = [f"{format_count(count)} {_WHY_SKIPPED.get(kind, 'left out')}" for kind, count in counts.most_common()]
    return f"{join_words(words)}."


def _duration(plan: Plan, past_results: int, waiting: int) -> list[Any]:
    if not plan.planned:
        return ["Nothing is left to run. Untick “Only what is missing” to measure again."]
    after = f", after {counted(waiting, 'run')} in the queue" if waiting else ""
    if plan.estimated_seconds is None:
        return [f"How long it takes is not known yet: nothing like it was run here{after}."]
    text = format_eta(plan.estimated_seconds)
    start = "About " if text[0].isdigit() else ""
    first = text if start else text[0].upper() + text[1:]
    grounds = f", from {counted(past_results, 'past result')}" if past_results else ", a rough guess"
    return [start, html.B(first), f"{grounds}{after}."]


def _listed(plan: Plan) -> Component:
    by_case: dict[str, list[Any]] = {}
    for planned in plan.planned:
        by_case.setdefault(planned.case.case_id, [planned.case, 0])[1] += 1
    rows = [
        html.Tr(
            [
                html.Td(status_mark("queued")),
                html.Td(case.label),
                html.Td(counted(count, "process", "processes"), className="plan-why"),
            ]
        )
        for case, count in by_case.values()
    ]
    rows += [
        html.Tr(
            [
                html.Td(status_mark("skipped")),
                html.Td(skipped.case.label),
                html.Td(skipped.failure.reason, className="plan-why"),
            ]
        )
        for skipped in plan.skipped
    ]
    rest = len(rows) - _LISTED
    return html.Details(
        [
            html.Summary("Show the cases"),
            html.Div(
                [
                    html.Table(html.Tbody(rows[:_LISTED]), className="plan-table"),
                    *([html.P(f"and {counted(rest, 'more case')}", className="plan-line")] if rest > 0 else []),
                ],
                className="plan-cases",
            ),
        ],
        className="plan-details",
    )


def _field(label: str, control_id: str, control: Component) -> Component:
    return html.Div([html.Label(label, htmlFor=control_id, className="form-label"), control], className="form-field")


def _menu(id: str, options: Sequence[Any], value: Any, *, multi: bool = False, placeholder: str = "") -> Component:
    return dcc.Dropdown(
        id=id,
        options=list(options),
        value=value,
        multi=multi,
        clearable=multi,
        searchable=multi and len(options) != len(Workload),
        placeholder=placeholder,
        className="form-menu",
        **_KEPT,
    )


def _tier_menu(tier: str) -> Component:
    return _menu(ids.FORM_TIER, [{"value": tier.value, "label": tier.value} for tier in Tier], tier)


def _batch_sizes(text: str) -> Component:
    return dcc.Input(
        id=ids.FORM_BATCH_SIZES,
        type="text",
        inputMode="numeric",
        value=text,
        placeholder="1, 8",
        debounce=0.4,
        className="form-input",
        **_KEPT,
    )


def _number(id: str, value: Any, usual: int | str) -> Component:
    shown = Protocol().processes if id == ids.FORM_PROCESSES else usual
    return dcc.Input(
        id=id,
        type="text",
        inputMode="numeric",
        value=None if value is None else str(value),
        placeholder=str(shown),
        debounce=0.4,
        className="form-input",
        **_KEPT,
    )
