"""The form that starts a run, and what would happen if it were started now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.run_options import COLD, INCREMENTAL, PROGRESSIVE, RunOptions
from app.views.against_choice import against_menu
from app.views.card import card
from app.views.controls import button
from app.views.marks import backend_mark
from app.views.plan_preview import plan_pending
from engine.catalog.checkpoints import sizes_of
from engine.domain.against import PAIRS
from engine.domain.case import Precision, Workload
from engine.domain.hardware import BackendStatus
from engine.domain.model import ModelType, Tier
from engine.domain.run import NEW_TOKENS, WORKERS, Protocol, SizeChoice
from engine.formatting import counted, format_count, format_parameters, join_words

_KEPT: Mapping[str, Any] = {"persistence": True, "persistence_type": "session"}
"""Another tab or run may be looked at without losing what was typed."""
_AS_ADDRESSED: Mapping[str, Any] = {}
"""A form that an address has filled in shows that, whatever was typed before."""

_GROWING = "Larger batches are left out once one fails for memory or time, or throughput stops growing."
_USUAL_PROCESSES = f"{Protocol().processes}, or {PAIRS} pairs"
"""Of a run that compares against another way."""


def run_form(options: RunOptions, *, is_addressed: bool = False) -> Component:
    """The form with everything that is known without waiting; models and backends are filled in after.

    `is_addressed`: an address chose `options`, so that nothing remembered from before may replace them.
    """
    kept = _AS_ADDRESSED if is_addressed else _KEPT
    unusual = (
        *(options.processes, options.sequence_length, options.threads),
        *(options.budget, options.new_tokens, options.workers, options.checkpoint or None),
    )
    more = html.Details(
        [
            html.Summary("More options"),
            html.Div(
                [
                    _field(
                        "Processes per case",
                        ids.FORM_PROCESSES,
                        _text(ids.FORM_PROCESSES, options.processes, _USUAL_PROCESSES, kept),
                    ),
                    _field(
                        "Sequence length",
                        ids.FORM_SEQUENCE_LENGTH,
                        _text(ids.FORM_SEQUENCE_LENGTH, options.sequence_length, "each type's own", kept),
                    ),
                    _field("Threads", ids.FORM_THREADS, _text(ids.FORM_THREADS, options.threads, "all cores", kept)),
                ],
                className="form-row form-row-3",
            ),
            html.Div(
                [
                    _field(
                        "New tokens, of generation",
                        ids.FORM_NEW_TOKENS,
                        _text(ids.FORM_NEW_TOKENS, options.new_tokens, NEW_TOKENS, kept),
                    ),
                    _field(
                        "Workers, of concurrency",
                        ids.FORM_WORKERS,
                        _text(ids.FORM_WORKERS, options.workers, WORKERS, kept),
                    ),
                ],
                className="form-row",
            ),
            _field(
                "Time budget", ids.FORM_BUDGET, _text(ids.FORM_BUDGET, options.budget, "none; or 90s, 30m, 2h", kept)
            ),
            _field(
                "Checkpoint, instead of models",
                ids.FORM_CHECKPOINT,
                _text(
                    ids.FORM_CHECKPOINT,
                    options.checkpoint or None,
                    "hub id in this machine's cache, or folder",
                    {**kept, "inputMode": "text"},
                ),
            ),
        ],
        className="run-form-more",
        open=any(value is not None for value in unusual),
    )
    return card(
        "Start a run",
        html.Div(
            [
                _field(
                    "Models",
                    ids.FORM_MODELS,
                    _list(ids.FORM_MODELS, [], options.models, "Every model of the tier", kept),
                ),
                html.Div(
                    [
                        _field(
                            "Tier, when no model is named",
                            ids.FORM_TIER,
                            _menu(ids.FORM_TIER, _choices(Tier), options.tier, kept),
                        ),
                        _field("Size", ids.FORM_SIZE, _menu(ids.FORM_SIZE, size_options(), options.size, kept)),
                    ],
                    className="form-row",
                ),
                html.Div(
                    [
                        _field(
                            "Backends",
                            ids.FORM_BACKENDS,
                            _list(ids.FORM_BACKENDS, [], options.backends or ("cpu",), "cpu", kept),
                        ),
                        _field(
                            "Precision",
                            ids.FORM_PRECISIONS,
                            _list(
                                ids.FORM_PRECISIONS,
                                _choices(Precision),
                                options.precisions or (Precision.FP32.value,),
                                "fp32",
                                kept,
                            ),
                        ),
                    ],
                    className="form-row",
                ),
                html.Div(
                    [
                        _field(
                            "Batch sizes",
                            ids.FORM_BATCH_SIZES,
                            _text(ids.FORM_BATCH_SIZES, options.batch_sizes, "1, 8", kept),
                        ),
                        _field(
                            "Workload",
                            ids.FORM_WORKLOADS,
                            _list(
                                ids.FORM_WORKLOADS,
                                _choices(Workload),
                                options.workloads or (Workload.INFERENCE.value,),
                                "inference",
                                kept,
                            ),
                        ),
                    ],
                    className="form-row",
                ),
                dcc.Checklist(
                    id=ids.FORM_SWITCHES,
                    options=[
                        {
                            "value": PROGRESSIVE,
                            "label": "Stop growing a batch when it no longer pays",
                            "title": _GROWING,
                        },
                        {"value": INCREMENTAL, "label": "Only what is missing or out of date"},
                        {"value": COLD, "label": "Cold processes, nothing preloaded"},
                    ],
                    value=list(options.switches),
                    className="form-switches",
                    **kept,
                ),
                _field(
                    "Compare against, in pairs",
                    ids.FORM_AGAINST,
                    against_menu(options.against, kept),
                ),
                more,
                html.Div(plan_pending(), id=ids.PLAN_PREVIEW, className="plan-preview", **{"aria-live": "polite"}),
                html.Div(
                    [
                        html.Fieldset(
                            button("Start", id=ids.START_RUN, kind="primary", drawing="play", disabled=True),
                            id=ids.START_LOCK,
                        ),
                        html.Div(no_command(), id=ids.COPY_COMMAND),
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


def no_command() -> Component:
    """Where the command will be that a form which cannot run does not have."""
    return button("Copy command", drawing="copy", disabled=True)


def model_options(models: Sequence[ModelType]) -> list[dict[str, Any]]:
    """Types that run, grouped by family in name order, each followed by its published checkpoints, small to large."""
    ordered = sorted((model for model in models if model.runnable), key=lambda model: (model.family, model.name))
    return [option for model in ordered for option in (_type_option(model), *_checkpoint_options(model))]


def _type_option(model: ModelType) -> dict[str, Any]:
    return {
        "value": model.name,
        "label": model.name,
        "search": f"{model.name} {model.display_name} {model.family.label} {model.task}",
        "title": f"{model.display_name}: {model.family.label}, {model.task}, {model.tier} tier",
    }


def _checkpoint_options(model: ModelType) -> list[dict[str, Any]]:
    return [
        {
            "value": name,
            "label": f"{name} ({model.display_name}, {format_parameters(checkpoint.parameters)})",
            "search": f"{checkpoint.name} {model.name} {model.display_name}",
            "title": f"{checkpoint.name}: {format_count(checkpoint.parameters)} parameters as published",
        }
        for name, checkpoint in sizes_of(model.name).items()
    ]


def tier_options(models: Sequence[ModelType]) -> list[dict[str, Any]]:
    """Tiers with how many verified types each includes; tiers are cumulative."""
    verified = [model for model in models if model.runnable]
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


def size_options() -> list[dict[str, Any]]:
    return [
        {"value": SizeChoice.AUTO.value, "label": "default where it fits"},
        {"value": SizeChoice.DEFAULT.value, "label": "default"},
        {"value": SizeChoice.TINY.value, "label": "tiny: proves that it runs"},
    ]


def with_named(options: Sequence[dict[str, Any]], chosen: Sequence[str]) -> list[dict[str, Any]]:
    """`options` and any chosen name that is none of them: a menu drops those, and the plan says what is wrong."""
    known = {option["value"] for option in options}
    return [*options, *({"value": name, "label": name, "search": name} for name in chosen if name not in known)]


def _choices(kind: type[StrEnum]) -> list[dict[str, Any]]:
    return [{"value": member.value, "label": member.value} for member in kind]


def _field(label: str, control_id: str, control: Component) -> Component:
    return html.Div([html.Label(label, htmlFor=control_id, className="form-label"), control], className="form-field")


def _menu(id: str, options: Sequence[dict[str, Any]], chosen: str, kept: Mapping[str, Any]) -> Component:
    """One of a few."""
    return dcc.Dropdown(
        id=id,
        options=with_named(options, [chosen]),
        value=chosen,
        clearable=False,
        searchable=False,
        className="form-menu",
        **kept,
    )


def _list(
    id: str, options: Sequence[dict[str, Any]], chosen: Sequence[str], usual: str, kept: Mapping[str, Any]
) -> Component:
    """Several of many; `usual` is what an empty one stands for."""
    return dcc.Dropdown(
        id=id,
        options=with_named(options, chosen),
        value=list(chosen),
        multi=True,
        searchable=id != ids.FORM_WORKLOADS,
        placeholder=usual,
        className="form-menu",
        **kept,
    )


def _text(id: str, value: object, usual: object, kept: Mapping[str, Any]) -> Component:
    """`usual` is what an empty one stands for."""
    return dcc.Input(
        id=id,
        type="text",
        value=None if value is None else str(value),
        placeholder=str(usual),
        debounce=0.4,
        className="form-input",
        **{"inputMode": "numeric", **kept},
    )
