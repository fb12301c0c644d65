"""Predict metrics of cases that were not measured, from those that were on the same machine and backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.model import ModelFacts, is_checkpoint
from engine.domain.prediction import HeldOut, Prediction
from engine.domain.summary import CaseSummary
from engine.errors import NotEnoughData
from engine.formatting import format_value
from engine.prediction.evaluation import Evaluation, evaluate
from engine.prediction.features import feature_vector
from engine.prediction.intervals import (
    attainable_confidence,
    calibration_scores,
    conformal_multiplier,
    measured_coverage,
)
from engine.prediction.predictor import Floats, Predictor, fit_predictor

MIN_CASES = 8
MIN_TYPES = 3
MAX_CASES = 600
"""Fitting costs the cube of this; the newest are kept."""
FAR = 1.0
"""How far beyond the measured range a feature may lie before it is extrapolation: natural logarithm, so 2.7x."""

WIDEST = 30.0
"""Upper over lower bound above which a prediction is of no use to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedPredictor:
    """Everything needed to answer for one metric on one machine and backend."""

    metric: Metric
    summaries: tuple[CaseSummary, ...]
    features: Floats
    logarithms: Floats
    predictor: Predictor
    by_case: Evaluation
    by_type: Evaluation
    trained_at: datetime


def usable(summaries: Sequence[CaseSummary], metric: Metric, backend: str) -> list[CaseSummary]:
    """Inference cases of `backend` that carry the metric and the facts features are made of, newest first."""
    found = [
        summary
        for summary in summaries
        if summary.case.backend == backend
        and summary.case.workload is Workload.INFERENCE
        and summary.facts is not None
        and metric in summary.estimates
        and summary.estimates[metric].value > 0
    ]
    return sorted(found, key=lambda summary: summary.measured_at, reverse=True)[:MAX_CASES]


def train(summaries: Sequence[CaseSummary], metric: Metric, backend: str) -> TrainedPredictor:
    """Fit and test a predictor; NotEnoughData says how many cases or model types are missing."""
    known = usable(summaries, metric, backend)
    types = {summary.case.model_type for summary in known}
    if len(known) < MIN_CASES or len(types) < MIN_TYPES:
        raise NotEnoughData(
            f"{metric.title} on {backend} rests on {len(known)} measured inference cases of {len(types)} model types; "
            f"a prediction needs {MIN_CASES} cases of {MIN_TYPES} types. Measure a few more in Live Runs."
        )
    features = np.array([feature_vector(summary.case, _facts(summary)) for summary in known])
    logarithms = np.log([summary.estimates[metric].value for summary in known])
    predictor = fit_predictor(features, logarithms)
    names = [summary.case.model_type for summary in known]
    return TrainedPredictor(
        metric=metric,
        summaries=tuple(known),
        features=features,
        logarithms=logarithms,
        predictor=predictor,
        by_case=evaluate(features, logarithms, names, predictor, HeldOut.CASES),
        by_type=evaluate(features, logarithms, names, predictor, HeldOut.TYPES),
        trained_at=datetime.now(UTC),
    )


def predict(trained: TrainedPredictor, case: Case, facts: ModelFacts, *, confidence: float = 0.9) -> Prediction:
    """The metric of `case` with its interval and grounds; NotEnoughData for a precision never measured here.

    The interval claims less than `confidence` where too few cases, or types for a model never measured, carry it.
    """
    same_precision = [summary for summary in trained.summaries if summary.case.precision is case.precision]
    if len(same_precision) < MIN_TYPES:
        raise NotEnoughData(
            f"Only {len(same_precision)} {case.precision} cases were measured on {case.backend} here; "
            f"a prediction needs {MIN_TYPES}. Measure some with --precision {case.precision}.",
            field="precision",
        )
    asked = np.array([feature_vector(case, facts)])
    mean, deviation = trained.predictor.predict(asked)
    knows_type = any(_same_model(summary.case, case) for summary in trained.summaries)
    evaluation = trained.by_case if knows_type else trained.by_type
    scores = calibration_scores(evaluation)
    attained = attainable_confidence(scores, confidence)
    reach = conformal_multiplier(scores, attained) * float(deviation[0])
    distances = np.linalg.norm(trained.predictor.scale(trained.features) - trained.predictor.scale(asked), axis=1)
    order = np.argsort(distances)[:5]
    beyond = _beyond(trained.features, asked[0])
    return Prediction(
        case=case,
        metric=trained.metric,
        value=float(np.exp(mean[0])),
        low=float(np.exp(mean[0] - reach)),
        high=float(np.exp(mean[0] + reach)),
        confidence=attained,
        nearest=tuple((trained.summaries[index], float(distances[index])) for index in order),
        training_cases=len(trained.summaries),
        is_extrapolation=beyond,
        explanation=_explain(trained, evaluation, knows_type=knows_type, beyond=beyond)
        + _shortfall(attained, confidence, knows_type=knows_type),
        held_out=evaluation.held_out,
        coverage=measured_coverage(evaluation, attained),
        error=evaluation.error,
        baseline_error=evaluation.baseline_error,
        trained_at=trained.trained_at,
    )


def refuse_useless(prediction: Prediction, facts: ModelFacts) -> None:
    """Raise NotEnoughData for a prediction that helps nobody, saying what would change that.

    One whose bounds lie more than a factor of WIDEST apart, or a peak memory below the weights of `facts`.
    """
    metric, case = prediction.metric, prediction.case
    remedy = f"Measure a few cases of {_size_words(case)} in {case.precision} first."
    if prediction.high > WIDEST * prediction.low:
        bounds = f"{format_value(prediction.low, metric)} and {format_value(prediction.high, metric)}"
        beyond = " It lies far beyond what was measured." if prediction.is_extrapolation else ""
        raise NotEnoughData(f"{metric.title} of {case.label} could be anything between {bounds}.{beyond} {remedy}")
    if metric is Metric.PEAK_MEMORY and prediction.high < facts.parameter_bytes:
        weights = format_value(float(facts.parameter_bytes), metric)
        raise NotEnoughData(
            f"What was measured points to less memory than the weights of {case.label} take ({weights}): "
            f"it lies too far beyond. {remedy}"
        )


def _size_words(case: Case) -> str:
    return case.size if is_checkpoint(case.size) else f"{case.size} size"


def _facts(summary: CaseSummary) -> ModelFacts:
    if summary.facts is None:
        raise NotEnoughData(f"{summary.case.label} was stored without its parameter and operation counts.")
    return summary.facts


def _same_model(measured: Case, asked: Case) -> bool:
    return measured.model_type == asked.model_type and measured.size == asked.size


def _beyond(features: Floats, asked: Floats) -> bool:
    """Whether any feature lies more than FAR outside the measured range."""
    return bool(((asked < features.min(axis=0) - FAR) | (asked > features.max(axis=0) + FAR)).any())


def _explain(trained: TrainedPredictor, evaluation: Evaluation, *, knows_type: bool, beyond: bool) -> str:
    types = len({summary.case.model_type for summary in trained.summaries})
    ground = f"{len(trained.summaries)} measured cases of {types} model types"
    known = "this model was measured at other settings" if knows_type else "this model was never measured"
    limits = " It lies beyond what was measured: the trend is extended." if beyond else ""
    rival = ""
    if evaluation.baseline_error <= evaluation.error:
        rival = " The nearest measured case, scaled by operations, would be no worse."
    return f"From {ground}; {known}.{limits}{rival}"


def _shortfall(attained: float, confidence: float, *, knows_type: bool) -> str:
    if attained >= confidence:
        return ""
    more = "cases" if knows_type else "model types"
    return f" So few {more} carry {attained:.0%} intervals at most: measure more for {confidence:.0%}."
