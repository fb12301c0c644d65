"""The form that starts a run, and what would happen if it were started now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app import ids
from app.run_options import COLD, INCREMENTAL, PROGRESSIVE, RunOptions
from app.views.against_choice import against_menu
from app.views.card import card
from app.views.controls import button
from app.views.form_fields import choices, field, menu, several, switches, text
from app.views.marks import backend_mark
from app.views.plan_preview import plan_pending
from app.views.run_form_more import more_options
from engine.catalog.checkpoints import sizes_of
from engine.domain.case import Precision, Workload
from engine.domain.hardware import BackendStatus
from engine.domain.model import ModelType, Tier
from engine.domain.run import SizeChoice
from engine.formatting import counted, format_count, format_parameters, join_words

_KEPT: Mapping[str, Any] = {"persistence": True, "persistence_type": "session"}
"""Another tab or run may be looked at without losing what was typed."""
_AS_ADDRESSED: Mapping[str, Any] = {}
"""A form that an address has filled in shows that, whatever was typed before."""

_GROWING = "Larger batches are left out once one fails for memory or time, or throughput stops growing."


def run_form(options: RunOptions, *, is_addressed: bool = False) -> Component:
    """The form with everything that is known without waiting; models and backends are filled in after.

    `is_addressed`: an address chose `options`, so that nothing remembered from before may replace them.
    """
    kept = _AS_ADDRESSED if is_addressed else _KEPT
    return card(
        "Start a run",
        html.Div(
            [
                field("Models", several(ids.FORM_MODELS, [], options.models, "Every model of the tier", kept)),
                html.Div(
                    [
                        field("Tier, when no model is named", menu(ids.FORM_TIER, choices(Tier), options.tier, kept)),
                        field("Size", menu(ids.FORM_SIZE, size_options(), options.size, kept)),
                    ],
                    className="form-row",
                ),
                html.Div(
                    [
                        field("Backends", several(ids.FORM_BACKENDS, [], options.backends or ("cpu",), "cpu", kept)),
                        field(
                            "Precision",
                            several(
                                ids.FORM_PRECISIONS,
                                choices(Precision),
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
                        field("Batch sizes", text(ids.FORM_BATCH_SIZES, options.batch_sizes, "1, 8", kept)),
                        field(
                            "Workload",
                            several(
                                ids.FORM_WORKLOADS,
                                choices(Workload),
                                options.workloads or (Workload.INFERENCE.value,),
                                "inference",
                                kept,
                                searchable=False,
                            ),
                        ),
                    ],
                    className="form-row",
                ),
                switches(
                    ids.FORM_SWITCHES,
                    [
                        (PROGRESSIVE, "Stop growing a batch when it no longer pays", _GROWING),
                        (INCREMENTAL, "Only what is missing or out of date", ""),
                        (COLD, "Cold processes, nothing preloaded", ""),
                    ],
                    options.switches,
                    kept,
                ),
                field("Compare against, in pairs", against_menu(options.against, kept)),
                more_options(options, kept),
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
