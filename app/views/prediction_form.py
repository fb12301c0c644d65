"""What to predict: one case, chosen by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component

from app import ids
from app.views.card import card
from app.views.controls import button, segmented
from engine.catalog.checkpoints import sizes_of
from engine.domain.measurement import Metric
from engine.domain.model import ModelType, Size
from engine.formatting import format_parameters

PRECISIONS = ("fp32", "bf16")
PREDICTED_METRICS = (Metric.LATENCY, Metric.THROUGHPUT, Metric.PEAK_MEMORY)


@dataclass(frozen=True, slots=True)
class AskedCase:
    """The case as the form and the address name it, not yet checked."""

    model: str = "bert"
    size: str = "default"
    backend: str = "cpu"
    precision: str = "fp32"
    batch_size: str = "4"
    metric: str = "latency"


def prediction_form(asked: AskedCase, models: Sequence[ModelType], backends: Sequence[str]) -> Component:
    """Every choice is filled in, so that one press of the button gives an answer."""
    return card(
        "What would it cost?",
        html.Div(
            [
                _field(
                    "Model",
                    ids.PREDICT_MODEL,
                    dcc.Dropdown(
                        id=ids.PREDICT_MODEL,
                        options=[{"value": model.name, "label": model.display_name} for model in models],
                        value=asked.model,
                        clearable=False,
                    ),
                ),
                _field(
                    "Size",
                    ids.PREDICT_SIZE,
                    dcc.Dropdown(
                        id=ids.PREDICT_SIZE,
                        options=size_options(next((model for model in models if model.name == asked.model), None)),
                        value=asked.size,
                        clearable=False,
                    ),
                ),
                _field(
                    "Backend",
                    ids.PREDICT_BACKEND,
                    dcc.Dropdown(id=ids.PREDICT_BACKEND, options=list(backends), value=asked.backend, clearable=False),
                ),
                _group(
                    "Precision",
                    segmented(
                        ids.PREDICT_PRECISION, (("fp32", "fp32"), ("bf16", "bf16")), asked.precision, "Precision"
                    ),
                ),
                _field(
                    "Batch size",
                    ids.PREDICT_BATCH_SIZE,
                    dcc.Input(
                        id=ids.PREDICT_BATCH_SIZE,
                        value=asked.batch_size,
                        type="text",
                        inputMode="numeric",
                        debounce=True,
                        className="prediction-batch",
                    ),
                ),
                html.Div(
                    [
                        button("Predict", id=ids.PREDICT_BUTTON, kind="primary"),
                        button("Measure it", id=ids.PREDICT_MEASURE, drawing="plus"),
                    ],
                    className="action-row",
                ),
                html.Div(id=ids.PREDICT_FORM_MESSAGE, role="status"),
                html.Div(id=ids.PREDICT_MEASURE_MESSAGE, role="status"),
            ],
            className="prediction-form",
        ),
        subtitle="An untested case, or one you want to check",
    )


def size_options(model: ModelType | None) -> list[dict[str, str]]:
    """Default and tiny with their counted parameters, then the type's checkpoints with the published ones."""
    counted = {
        Size.DEFAULT.value: model.default_parameters if model is not None else None,
        Size.TINY.value: model.tiny_parameters if model is not None else None,
    }
    published = sizes_of(model.name) if model is not None else {}
    return [
        *(
            {"value": name, "label": name if count is None else f"{name} ({format_parameters(count)}, counted)"}
            for name, count in counted.items()
        ),
        *(
            {"value": name, "label": f"{name} ({format_parameters(checkpoint.parameters)}, published)"}
            for name, checkpoint in published.items()
        ),
    ]


def metric_switch(metric: str) -> Component:
    """Which of the three figures the curve draws."""
    options = tuple((found.label, found.title.removeprefix("Peak ").capitalize()) for found in PREDICTED_METRICS)
    return segmented(ids.PREDICT_METRIC, options, metric, "Metric of the curve")


def _field(label: str, control_id: str, control: Component) -> Component:
    return html.Div([html.Label(label, htmlFor=control_id, className="form-label"), control])


def _group(label: str, control: Component) -> Component:
    return html.Div([html.Div(label, className="form-label"), control])
