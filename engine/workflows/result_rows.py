"""Results as plain rows: what `results --json` prints and the REST endpoints answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analysis.summarise import estimate_of_process
from engine.contract.results import Figure, ResultRow
from engine.domain.measurement import Measurement
from engine.domain.result import Provenance, Result, ResultFilter
from engine.storage import results

if TYPE_CHECKING:
    from engine.workflows.workbench import Workbench


def result_rows(workbench: Workbench, wanted: ResultFilter) -> list[ResultRow]:
    """One object per result, newest first; SI units, times in ISO 8601 with zone, missing values None."""
    with workbench.database.cursor() as cursor:
        found = results.find(cursor, wanted)
    return [result_row(result) for result in found]


def result_row(result: Result) -> ResultRow:
    case, failure = result.case, result.failure
    return {
        "result_id": result.result_id,
        "run_id": result.run_id,
        "case_id": case.case_id,
        "repetition": result.repetition,
        "model": case.model,
        "model_type": case.model_type,
        "family": case.family,
        "task": case.task,
        "size": str(case.size),
        "workload": case.workload,
        "cold": case.cold,
        "requested_backend": result.requested_backend,
        "backend": case.backend,
        "actual_device": result.actual_device,
        "precision": case.precision,
        "batch_size": case.batch_size,
        "sequence_length": case.sequence_length,
        "image_size": case.image_size,
        "threads": case.threads,
        "new_tokens": case.new_tokens,
        "workers": case.workers,
        "compiled": case.compiled,
        "attention": case.attention,
        "checkpoint": case.checkpoint,
        "checkpoint_digest": case.checkpoint_digest,
        "status": result.status,
        "failure": None if failure is None else {"kind": failure.kind, "reason": failure.reason},
        "provenance": result.provenance,
        "environment": result.environment_id,
        "measured_at": result.started_at.isoformat(),
        "duration_seconds": None if result.provenance is Provenance.IMPORTED else result.duration_seconds,
        "is_noisy": None if result.machine is None else result.machine.is_noisy,
        "notes": list(result.notes),
        "estimated_bytes": result.estimated_bytes,
        "metrics": {measurement.metric.label: _metric(measurement) for measurement in result.measurements},
    }


def _metric(measurement: Measurement) -> Figure:
    """One process's figure; low and high are its own interval over iterations, None where it carries none."""
    estimate = estimate_of_process(measurement.metric, measurement.samples)
    return {
        "unit": measurement.metric.unit,
        "better": measurement.metric.better,
        "median": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "samples": estimate.samples,
        "processes": estimate.processes,
    }
