"""The routes that every kind of operation has: how far it is, what came of it, the list of them, and stopping one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify

from app import data
from app.documented import documented
from app.endpoints.operation_payloads import operation_payload, standing_payload
from app.endpoints.query_string import read_query, refuse_query
from engine.contract.operations import (
    Operations,
    OperationsQuery,
    OperationStanding,
    StartedOperation,
    StoppingOperation,
)
from engine.domain.operation import OperationKind
from engine.errors import NotFinished


def start_operation(kind: OperationKind, blueprint: Blueprint, request: Mapping[str, Any], words: str) -> Any:
    """Accept an operation: the answer of its POST, with `words` for what it does."""
    operation = data.workbench().operations.submit(kind, request)
    answer: StartedOperation = {
        "operation_id": operation.operation_id,
        "kind": operation.kind,
        "status": operation.status,
        "message": words,
        "started_at": operation.created_at.isoformat(),
    }
    location = f"{blueprint.url_prefix}/status/{operation.operation_id}"
    return jsonify(answer), HTTPStatus.ACCEPTED, {"Location": location}


def add_operation_routes(blueprint: Blueprint, kind: OperationKind, results: type[Any]) -> None:
    """Give `blueprint` the routes of its operations; `results` is the type of what comes of one."""
    tag = blueprint.name

    @blueprint.get("/status/<operation_id>")
    @documented(tag, ok=OperationStanding)
    def status(operation_id: str) -> Response:
        """Where an operation stands."""
        refuse_query()
        return jsonify(standing_payload(data.workbench().operations.progress(kind, operation_id)))

    @blueprint.get("/results/<operation_id>")
    @documented(tag, ok=results, problems=(HTTPStatus.CONFLICT,))
    def operation_results(operation_id: str) -> Response:
        """Every outcome of an operation that has ended, however it ended."""
        refuse_query()
        supervisor = data.workbench().operations
        operation = supervisor.progress(kind, operation_id).operation
        if not operation.status.is_final:
            raise NotFinished(
                f"It is {operation.status} with {operation.done} of {operation.total or 'an unknown number of'} "
                f"outcomes there; follow it at {blueprint.url_prefix}/status/{operation_id}."
            )
        return jsonify(
            {
                "operation_id": operation.operation_id,
                "status": operation.status,
                "error": operation.error,
                "total": operation.total,
                "done": operation.done,
                "failed": operation.failed,
                "results": supervisor.outcomes(operation.operation_id),
            }
        )

    @blueprint.get("/runs")
    @documented(tag, ok=Operations, query=OperationsQuery)
    def list_operations() -> Response:
        """Operations of this kind, newest first."""
        wanted = read_query(OperationsQuery)
        found = data.workbench().operations.recent(kind, limit=wanted.limit, statuses=wanted.status)
        answer: Operations = {"operations": [operation_payload(operation) for operation in found]}
        return jsonify(answer)

    @blueprint.post("/cancel/<operation_id>")
    @documented(tag, ok=StoppingOperation, problems=(HTTPStatus.CONFLICT,))
    def cancel(operation_id: str) -> Response:
        """Stop an operation: its processes are killed, its outcomes kept."""
        refuse_query()
        operation = data.workbench().operations.cancel(kind, operation_id)
        answer: StoppingOperation = {
            "operation_id": operation.operation_id,
            "status": operation.status,
            "message": "It is stopping.",
        }
        return jsonify(answer)
