"""Summaries of cases as plain rows: SI units, times in ISO 8601 with zone, missing values None."""

from __future__ import annotations

from engine.contract.overview import CaseRow, EstimateRow
from engine.domain.measurement import Estimate, Metric
from engine.domain.summary import CaseSummary


def case_row(summary: CaseSummary) -> CaseRow:
    case, failure = summary.case, summary.last_failure
    return {
        "case_id": case.case_id,
        "label": case.label,
        "model": case.model,
        "size": str(case.size),
        "workload": case.workload,
        "backend": case.backend,
        "precision": case.precision,
        "batch_size": case.batch_size,
        "sequence_length": case.sequence_length,
        "threads": case.threads,
        "environment": summary.environment_id,
        "provenance": summary.provenance,
        "measured_at": summary.measured_at.isoformat(),
        "last_run_id": summary.last_run_id,
        "completed": summary.completed,
        "failed": summary.failed,
        "last_failure": None if failure is None else {"kind": failure.kind, "reason": failure.reason},
        "is_noisy": summary.is_noisy,
        "metrics": {metric.label: _estimate(metric, found) for metric, found in summary.estimates.items()},
    }


def _estimate(metric: Metric, found: Estimate) -> EstimateRow:
    return {
        "unit": metric.unit,
        "better": metric.better,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "method": None if found.low is None else found.method.value,
        "processes": found.processes,
    }
