"""A prediction with its grounds: figures, curve, nearest measured cases, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.views.card import card
from app.views.chart_card import ChartTable, chart_card, chart_table
from app.views.controls import link_button
from app.views.empty_state import empty_state
from app.views.kpi_tile import kpi_tile
from app.views.marks import provenance_mark
from app.views.prediction_form import PREDICTED_METRICS
from engine.domain.case import Case
from engine.domain.measurement import Metric
from engine.domain.prediction import PredictedCase, Prediction
from engine.domain.result import Provenance
from engine.domain.summary import CaseSummary
from engine.figures.prediction_curve import prediction_curve
from engine.figures.tokens import Theme
from engine.figures.wording import shape, way
from engine.formatting import MISSING, format_estimate, format_share, format_time, scale_for


def prediction_answer(
    predicted: PredictedCase, metric: Metric, theme: Theme, *, graph_id: str, switch: Component
) -> Component:
    """All of it; `metric` chooses the curve, `switch` is the control that changes it."""
    main = predicted.predictions.get(metric) or next(iter(predicted.predictions.values()), None)
    if main is None:
        return not_enough_data(predicted)
    return html.Div(
        [
            _head(predicted),
            html.Div([_tile(predicted, shown) for shown in PREDICTED_METRICS], className="kpi-row"),
            html.Div(
                [
                    html.Div(
                        _curve_card(predicted, main, theme, graph_id=graph_id, switch=switch)
                        if main.metric is metric
                        else _no_curve_card(metric, predicted.missing[metric], switch),
                        className="span-8",
                    ),
                    html.Div(_trust_card(main), className="span-4"),
                ],
                className="grid-12",
            ),
            _nearest_card(main),
        ],
        className="stack",
    )


def not_enough_data(predicted: PredictedCase) -> Component:
    """Nothing can be predicted: what is missing, and the way to it."""
    reasons = list(dict.fromkeys(predicted.missing.values()))
    return empty_state(
        f"No prediction for {predicted.case.label} yet",
        html.Span([html.Span([reason, html.Br()]) for reason in reasons]),
        link_button("Measure more in Live Runs", "/live-runs", kind="primary"),
    )


def answer_sentence(predicted: PredictedCase) -> str:
    """The answer in one line."""
    case = predicted.case
    measured = predicted.measured_here
    if measured is not None and Metric.LATENCY in measured.estimates:
        text = format_estimate(measured.estimates[Metric.LATENCY], Metric.LATENCY)
        return f"{case.model} at batch {case.batch_size} was measured: {text.plain} per batch."
    prediction = predicted.predictions.get(Metric.LATENCY)
    if prediction is None:
        return f"{case.model} at batch {case.batch_size}: part of the answer is missing."
    text = format_estimate(prediction.estimate, Metric.LATENCY)
    low, high = (text.interval or "").split(" – ")
    return f"Expect {text.plain} per batch, between {low} and {high}."


def _head(predicted: PredictedCase) -> Component:
    case = predicted.case
    return html.Div(
        [
            html.H1(answer_sentence(predicted), className="answer"),
            html.P(
                f"{case.model} {'tiny ' if case.is_tiny else ''}{way(case)}, {shape(case)}, this machine. "
                + next(iter(predicted.predictions.values())).explanation,
                className="answer-detail",
            ),
        ]
    )


def _tile(predicted: PredictedCase, metric: Metric) -> Component:
    prediction = predicted.predictions.get(metric)
    if prediction is None:
        return html.Div(
            [
                html.Div(html.Span(metric.title, className="kpi-label"), className="kpi-head"),
                html.Div(html.Span(MISSING, className="kpi-value"), className="kpi-figure"),
                html.Div(html.Span(predicted.missing.get(metric, ""), className="kpi-note"), className="kpi-foot"),
            ],
            className="kpi-tile",
        )
    return kpi_tile(
        metric.title,
        format_estimate(prediction.estimate, metric),
        provenance=Provenance.PREDICTED,
        note=_measured_note(predicted.measured_here, prediction),
        title=metric.definition,
    )


def _measured_note(measured: CaseSummary | None, prediction: Prediction) -> str:
    metric = prediction.metric
    if measured is None or metric not in measured.estimates:
        return f"{prediction.confidence * 100:.0f} % interval, not measured"
    return f"measured: {format_estimate(measured.estimates[metric], metric).full}"


def _curve_card(
    predicted: PredictedCase, main: Prediction, theme: Theme, *, graph_id: str, switch: Component
) -> Component:
    metric = main.metric
    points = predicted.curve[metric]
    scale = scale_for([point.value for point in points], metric)
    rows = []
    measured = {summary.case.batch_size: summary for summary in predicted.measured if metric in summary.estimates}
    for point in points:
        text = format_estimate(point.estimate, metric, scale=scale)
        known = measured.get(point.case.batch_size)
        observed = format_estimate(known.estimates[metric], metric, scale=scale).full if known else MISSING
        rows.append((str(point.case.batch_size), text.value, text.interval or MISSING, observed))
    table = ChartTable(
        columns=("Batch size", f"Predicted, {scale.unit}", f"{main.confidence * 100:.0f} % interval", "Measured"),
        rows=tuple(rows),
        numeric=frozenset({0, 1, 2, 3}),
    )
    return chart_card(
        _curve_title(predicted, main),
        prediction_curve(predicted, metric=metric, theme=theme),
        table,
        graph_id=graph_id,
        name=f"prediction-{predicted.case.model}-{metric.label}",
        subtitle=f"{metric.title} over batch size, {way(predicted.case)}",
        footnote=[
            provenance_mark(Provenance.MEASURED),
            f" {'range over processes' if metric is Metric.PEAK_MEMORY else '95 % interval'}  ",
            provenance_mark(Provenance.PREDICTED),
            f" {main.confidence:.0%} interval · both axes logarithmic",
        ],
        tools=[switch],
    )


def _no_curve_card(metric: Metric, reason: str, switch: Component) -> Component:
    """In place of a curve of another metric than the one asked for."""
    return card(
        f"{metric.title} cannot be predicted yet",
        empty_state("What is missing", reason, link_button("Measure more in Live Runs", "/live-runs", kind="primary")),
        subtitle=f"{metric.title} over batch size",
        tools=[switch],
    )


def _curve_title(predicted: PredictedCase, main: Prediction) -> str:
    count = len([summary for summary in predicted.measured if main.metric in summary.estimates])
    if count == 0:
        return "No batch size of this model was measured here"
    noun = "batch size was" if count == 1 else "batch sizes were"
    return f"{count} {noun} measured, the rest is predicted"


def _trust_card(main: Prediction) -> Component:
    lines: list[tuple[str, Any]] = [
        ("Median error", "unknown" if main.error is None else format_share(main.error)),
        (
            "Nearest case, scaled",
            "unknown" if main.baseline_error is None else f"{format_share(main.baseline_error)} error",
        ),
        (
            f"{main.confidence:.0%} intervals held",
            "too few cases to tell" if main.coverage is None else f"{format_share(main.coverage)} of cases",
        ),
        ("Tested on", f"held-out {main.held_out}"),
        ("Trained on", f"{main.training_cases} measured cases"),
        ("Range", "beyond what was measured" if main.is_extrapolation else "inside what was measured"),
    ]
    return card(
        _trust_title(main),
        html.Dl([part for name, value in lines for part in (html.Dt(name), html.Dd(value))], className="facts-list"),
        subtitle=f"{main.metric.title}, tested on what the predictor had not seen",
        footnote=f"Gaussian process on log features · trained {format_time(main.trained_at)}",
        class_name="fill",
    )


def _trust_title(main: Prediction) -> str:
    if main.error is None:
        return "How far to trust it: not tested yet"
    if main.baseline_error is not None and main.baseline_error <= main.error:
        return f"Off by more than {format_share(main.error)} half the time; no better than the nearest case"
    return f"How far to trust it: off by more than {format_share(main.error)} half the time"


def _nearest_card(main: Prediction) -> Component:
    return card(
        "What it stands on: the nearest measured cases",
        chart_table(nearest_table(main.nearest)),
        subtitle="Distance in standard deviations of the features: operations, weights, inputs, batch size, precision",
        footnote="Medians with their 95 % interval, of memory with the range over processes; measured on this machine",
        class_name="nearest-cases",
    )


def nearest_table(nearest: Sequence[tuple[CaseSummary, float]]) -> ChartTable:
    rows = []
    for summary, distance in nearest:
        latency, memory = (_observed(summary, metric) for metric in (Metric.LATENCY, Metric.PEAK_MEMORY))
        rows.append((_name(summary.case), latency, memory, f"{distance:.2f}", format_time(summary.measured_at)))
    return ChartTable(
        columns=("Case", "Latency", "Peak memory", "Distance", "Measured"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3}),
    )


def _observed(summary: CaseSummary, metric: Metric) -> str:
    estimate = summary.estimates.get(metric)
    return MISSING if estimate is None else format_estimate(estimate, metric).full


def _name(case: Case) -> str:
    return f"{case.model} {way(case)}, {shape(case)}"
