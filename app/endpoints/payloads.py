"""Domain values as the JSON of the endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import sqrt

from engine.contract.calibration import CalibrationStanding
from engine.contract.catalog import MachineRow
from engine.contract.reports import ReportRow
from engine.contract.runs import CaseCounts, RunRow, RunStanding
from engine.domain.hardware import Environment
from engine.domain.report import StoredReport
from engine.domain.result import ResultStatus
from engine.domain.run import CaseProgress, Run, RunProgress
from engine.workflows.calibration_job import CalibrationState

_ENDED = frozenset(ResultStatus)


def status_payload(progress: RunProgress) -> RunStanding:
    """Where a run stands: the answer of `status` and every WebSocket message.

    Times are seconds. `estimated_remaining_time` is the middle (geometric) of `estimated_remaining_range`, which holds
    the 10 to 90 % range; both are null while nothing like the remaining cases was ever measured.
    """
    run = progress.run
    completed_models, total_models = _models_done(progress.cases, run)
    return {
        "run_id": run.run_id,
        "number": run.number,
        "status": run.status,
        "progress": round(progress.fraction, 4),
        "current_step": progress.current_step,
        "start_time": (run.started_at or run.created_at).isoformat(),
        "elapsed_time": round(progress.elapsed_seconds, 3),
        "estimated_remaining_time": middle(progress.remaining_seconds),
        "estimated_remaining_range": list(progress.remaining_seconds) if progress.remaining_seconds else None,
        "completed_models": completed_models,
        "total_models": total_models,
        "cases": case_counts(run),
        "error": run.error,
        "sequence": progress.sequence,
        "changed_at": moment(progress.changed_at),
    }


def run_payload(run: Run) -> RunRow:
    """One line of the list of runs: what was asked for by the names of POST /run, and what became of it."""
    request = run.request
    return {
        "run_id": run.run_id,
        "number": run.number,
        "title": request.title,
        "status": run.status,
        "models": list(request.models),
        "priority": request.tier.value if request.tier else None,
        "hardware": list(request.backends),
        "precision": list(request.precisions),
        "batch_sizes": list(request.batch_sizes),
        "workloads": list(request.workloads),
        "size": request.size,
        "checkpoint": request.checkpoint,
        "sequence_length": request.sequence_length,
        "new_tokens": request.new_tokens,
        "workers": request.workers,
        "threads": request.threads,
        "compile": request.compiled,
        "attention": request.attention,
        "cold": request.cold,
        "runs": request.protocol.processes,
        "warmup": request.protocol.warmup,
        "pin": request.protocol.pinned,
        "side_by_side": request.protocol.side_by_side,
        "progressive_mode": request.progressive,
        "incremental": request.incremental,
        "budget_seconds": request.budget_seconds,
        "against": None if request.against is None else request.against.named,
        "created_at": run.created_at.isoformat(),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "cases": case_counts(run),
        "error": run.error,
    }


def case_counts(run: Run) -> CaseCounts:
    return {
        "total": run.total,
        "completed": run.completed,
        "failed": run.failed,
        "skipped": run.skipped,
        "cancelled": run.cancelled,
    }


def environment_payload(environment: Environment) -> MachineRow:
    return {
        "environment": environment.environment_id,
        "hostname": environment.hostname,
        "os": environment.os,
        "cpu": environment.cpu,
        "architecture": environment.architecture,
        "physical_cores": environment.physical_cores,
        "logical_cores": environment.logical_cores,
        "memory_bytes": environment.memory_bytes,
        "python": environment.python,
        "libraries": dict(environment.libraries),
        "accelerators": list(environment.accelerators),
    }


def calibration_progress_payload(state: CalibrationState) -> CalibrationStanding | None:
    """How far a calibration has come; None while none is under way. Times are seconds."""
    progress = state.progress
    if progress is None:
        return None
    return {
        "status": "cancelling" if state.is_cancelling else "running",
        "current_step": progress.step,
        "progress": round(progress.fraction, 4),
        "processes": {"done": progress.done, "total": progress.total},
        "estimated_remaining_range": list(progress.remaining_seconds) if progress.remaining_seconds else None,
    }


def report_payload(report: StoredReport) -> ReportRow:
    return {
        "report_id": report.report_id,
        "run_id": report.run_id,
        "title": report.title,
        "summary": report.summary,
        "format": report.format,
        "filename": report.filename,
        "size_bytes": report.size_bytes,
        "created_at": report.created_at.isoformat(),
        "download": f"/api/benchmark/reports/{report.report_id}",
    }


def _models_done(cases: Iterable[CaseProgress], run: Run) -> tuple[int, int]:
    """Models of which every case has ended, and all models; those asked for while nothing is planned."""
    open_cases: dict[str, int] = {}
    for progress in cases:
        waits = 0 if progress.state in _ENDED else 1
        open_cases[progress.case.model] = open_cases.get(progress.case.model, 0) + waits
    if not open_cases:
        return 0, len(run.request.models)
    return sum(1 for waiting in open_cases.values() if not waiting), len(open_cases)


def middle(bounds: tuple[float, float] | None) -> float | None:
    """Of a range of seconds: geometric, as such ranges are skewed."""
    if bounds is None:
        return None
    low, high = bounds
    return round(sqrt(low * high), 1) if low > 0 else round((low + high) / 2, 1)


def moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
