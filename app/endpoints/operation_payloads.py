"""Operations as the JSON of the endpoints."""

from __future__ import annotations

from app.endpoints.payloads import moment
from engine.contract.operations import OperationRow, OperationStanding, OutcomeCounts
from engine.domain.operation import Operation, OperationProgress


def standing_payload(progress: OperationProgress) -> OperationStanding:
    """Where an operation stands: the answer of `status` and every WebSocket message."""
    operation = progress.operation
    return {
        "operation_id": operation.operation_id,
        "kind": operation.kind,
        "status": operation.status,
        "progress": round(progress.fraction, 4),
        "current_step": progress.current_step,
        "start_time": (operation.started_at or operation.created_at).isoformat(),
        "elapsed_time": round(progress.elapsed_seconds, 3),
        "estimated_remaining_time": _middle(progress.remaining_seconds),
        "estimated_remaining_range": list(progress.remaining_seconds) if progress.remaining_seconds else None,
        "outcomes": outcome_counts(operation),
        "error": operation.error,
        "sequence": progress.sequence,
        "changed_at": moment(progress.changed_at),
    }


def operation_payload(operation: Operation) -> OperationRow:
    return {
        "operation_id": operation.operation_id,
        "kind": operation.kind,
        "status": operation.status,
        "request": dict(operation.request),
        "outcomes": outcome_counts(operation),
        "created_at": operation.created_at.isoformat(),
        "started_at": moment(operation.started_at),
        "finished_at": moment(operation.finished_at),
        "error": operation.error,
    }


def outcome_counts(operation: Operation) -> OutcomeCounts:
    return {"total": operation.total, "done": operation.done, "failed": operation.failed}


def _middle(bounds: tuple[float, float] | None) -> float | None:
    """Of a range of seconds about a mean, whose low end may be cut off at none."""
    return None if bounds is None else round((bounds[0] + bounds[1]) / 2, 1)
