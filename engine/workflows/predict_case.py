"""What a case would cost, from what was measured on this machine."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.catalog.checkpoints import parse_size
from engine.catalog.registry import shape_of
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import ModelFacts
from engine.domain.prediction import PredictedCase, Prediction
from engine.domain.result import Provenance, ResultFilter
from engine.domain.run import MAX_BATCH_SIZE
from engine.domain.summary import CaseSummary
from engine.errors import InvalidValue, NotEnoughData
from engine.figures.wording import way_options
from engine.prediction.features import facts_at_batch
from engine.prediction.predict import TrainedPredictor, predict, refuse_useless, train
from engine.workflows.case_facts import count_case_facts
from engine.workflows.case_summaries import case_summaries

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench

CURVE_SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Batch sizes that a curve shows beside the one asked for."""


class Predictors:
    """Trained predictors of one workbench, made when first asked for and again when measurements have come in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trained: dict[tuple[Metric, str, str, str], tuple[int, TrainedPredictor]] = {}

    def get(
        self, metric: Metric, case: Case, environment_id: str, summaries: Sequence[CaseSummary], writes: int
    ) -> TrainedPredictor:
        """Raises NotEnoughData; `writes` is the database's counter that `summaries` belong to."""
        options = " ".join(way_options(case))
        key = (metric, case.backend, options, environment_id)
        with self._lock:
            known = self._trained.get(key)
            if known is None or known[0] != writes:
                # Options are no features: cases with others would teach what is not so of this one.
                alike = [summary for summary in summaries if " ".join(way_options(summary.case)) == options]
                known = (writes, train(alike, metric, case.backend))
                self._trained[key] = known
            return known[1]


def chosen_case(
    workbench: Workbench, *, model: str, size: str, backend: str, precision: Precision, batch_size: int
) -> Case:
    """The inference case of these choices at the type's own input shape; raises UnknownName or InvalidValue.

    `size` may be a checkpoint's, by whichever of its names; where `model` is one, that is the size.
    """
    chosen = workbench.catalog.choose_one(model)
    found = chosen.model
    if not found.runnable:
        raise InvalidValue(found.status_reason or f"{model} has no recipe.", field="models")
    if not 1 <= batch_size <= MAX_BATCH_SIZE:
        raise InvalidValue(f"Batch size {batch_size} is not between 1 and {MAX_BATCH_SIZE}.", field="batch_sizes")
    size = chosen.size or parse_size(found.name, size)
    sequence_length, image_size = shape_of(found, size)
    return Case(
        model_type=found.name,
        family=found.family,
        task=found.task,
        size=size,
        backend=backend,
        precision=precision,
        batch_size=batch_size,
        workload=Workload.INFERENCE,
        sequence_length=sequence_length,
        image_size=image_size,
    )


def predictable_backends(workbench: Workbench) -> list[str]:
    """Backends with measured inference cases in this environment; cpu where nothing is measured yet."""
    return sorted({summary.case.backend for summary in _known(workbench)}) or ["cpu"]


def predict_case(workbench: Workbench, case: Case, *, confidence: float = 0.9) -> PredictedCase:
    """Latency, throughput and peak memory of `case`, alone and over batch sizes.

    Blocks for seconds the first time: predictors are fitted, and the operations of a model never measured are
    counted in a child process. A metric that the measurements cannot carry is in `missing` with the reason.
    """
    writes = workbench.database.writes
    summaries = _known(workbench)
    series = sorted(
        (summary for summary in summaries if _series(summary.case) == _series(case)),
        key=lambda summary: summary.case.batch_size,
    )
    predictions: dict[Metric, Prediction] = {}
    curve: dict[Metric, tuple[Prediction, ...]] = {}
    missing: dict[Metric, str] = {}
    sizes = sorted({*CURVE_SIZES, case.batch_size})
    facts: Mapping[int, ModelFacts] | None = None
    for metric in (Metric.LATENCY, Metric.PEAK_MEMORY):
        try:
            environment_id = workbench.environment.environment_id
            trained = workbench.predictors.get(metric, case, environment_id, summaries, writes)
            facts = facts or _facts_by_size(workbench, case, series, sizes)
            points = {
                size: predict(trained, replace(case, batch_size=size), facts[size], confidence=confidence)
                for size in sizes
            }
            refuse_useless(points[case.batch_size], facts[case.batch_size])
        except NotEnoughData as error:
            missing[metric] = error.message
            continue
        predictions[metric] = points[case.batch_size]
        curve[metric] = tuple(points[size] for size in sizes)
    if Metric.LATENCY in predictions:
        predictions[Metric.THROUGHPUT] = _throughput(predictions[Metric.LATENCY])
        curve[Metric.THROUGHPUT] = tuple(_throughput(point) for point in curve[Metric.LATENCY])
    else:
        missing[Metric.THROUGHPUT] = missing[Metric.LATENCY]
    return PredictedCase(case=case, predictions=predictions, missing=missing, curve=curve, measured=tuple(series))


def _known(workbench: Workbench) -> list[CaseSummary]:
    """Measured inference cases of this very environment."""
    wanted = ResultFilter(workloads=(Workload.INFERENCE,), environment_id=workbench.environment.environment_id)
    found = case_summaries(workbench, wanted)
    return [summary for summary in found if summary.provenance is Provenance.MEASURED and summary.estimates]


def _series(case: Case) -> Case:
    """What stays the same along a curve over batch sizes."""
    return replace(case, batch_size=1)


def _facts_by_size(
    workbench: Workbench, case: Case, series: Sequence[CaseSummary], sizes: Sequence[int]
) -> dict[int, ModelFacts]:
    """From a measured batch size of the same model where there is one, else counted; scaled to every size."""
    measured = next((summary for summary in series if summary.facts is not None), None)
    if measured is not None and measured.facts is not None:
        of_one = _of_one(measured.facts, measured.case.batch_size)
    else:
        of_one = count_case_facts(workbench, replace(case, batch_size=1))
    return {size: facts_at_batch(of_one, size) for size in sizes}


def _of_one(facts: ModelFacts, batch_size: int) -> ModelFacts:
    return replace(
        facts,
        flops=None if facts.flops is None else facts.flops // batch_size,
        input_bytes=facts.input_bytes // batch_size,
    )


def _throughput(latency: Prediction) -> Prediction:
    """The same prediction as items per second: bounds change places."""
    items = latency.case.batch_size
    return replace(
        latency,
        metric=Metric.THROUGHPUT,
        value=items / latency.value,
        low=items / latency.high,
        high=items / latency.low,
    )
