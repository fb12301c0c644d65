"""/api/benchmark: start, follow, stop and read runs; what can be measured, and on what."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from http import HTTPStatus
from typing import TypeVar

from flask import Blueprint, Response, jsonify
from werkzeug.datastructures import MultiDict

from app import data
from app.endpoints.json_body import read_body
from app.endpoints.parameters import known_parameters, limit_of, whole_number
from app.endpoints.payloads import (
    case_counts,
    environment_payload,
    run_payload,
    status_payload,
)
from app.endpoints.run_body import NAMES, RunBody
from engine.backends import BACKENDS
from engine.catalog.registry import Catalog
from engine.domain.case import Precision
from engine.domain.result import ResultFilter
from engine.domain.run import MAX_BATCH_SIZE, Run, RunStatus
from engine.errors import EngineError, InvalidValue, NotFinished, UnknownName
from engine.storage import runs
from engine.workflows.hardware import hardware
from engine.workflows.model_rows import checkpoint_rows, model_row
from engine.workflows.paired import paired_rows
from engine.workflows.result_rows import result_rows

benchmark = Blueprint("benchmark", __name__, url_prefix="/api/benchmark")

Choice = TypeVar("Choice", bound=StrEnum)

MAX_ROWS = 10_000
"""Most results in one answer of `query`."""
MAX_RUNS = 1000
_UNDER_WAY = tuple(status for status in RunStatus if not status.is_final)


@benchmark.post("/run")
def start_run() -> tuple[Response, int, dict[str, str]]:
    body = read_body(RunBody)
    try:
        run = data.workbench().supervisor.submit(body.to_request())
    except EngineError as error:
        error.field = NAMES.get(error.field, error.field) if error.field else None
        raise
    answer = {
        "run_id": run.run_id,
        "number": run.number,
        "status": run.status.value,
        "message": f"Run {run.number} is {run.status.value}.",
        "started_at": (run.started_at or run.created_at).isoformat(),
    }
    location = f"/api/benchmark/status/{run.run_id}"
    return jsonify(answer), HTTPStatus.ACCEPTED, {"Location": location}


@benchmark.get("/status/<run_id>")
def run_status(run_id: str) -> Response:
    return jsonify(status_payload(data.workbench().supervisor.progress(run_id)))


@benchmark.get("/results/<run_id>")
def run_results(run_id: str) -> Response:
    """Every result of a run that has ended, however it ended."""
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        run = runs.get(cursor, run_id)
    if not run.status.is_final:
        run = workbench.supervisor.progress(run.run_id).run
    if not run.status.is_final:
        raise NotFinished(
            f"Run {run.number} is {run.status.value} with {run.done} of {run.total} results there; "
            f"follow it at /api/benchmark/status/{run.run_id}."
        )
    rows = result_rows(workbench, ResultFilter(run_id=run.run_id))
    return jsonify(
        {
            "run_id": run.run_id,
            "number": run.number,
            "status": run.status.value,
            "cases": case_counts(run),
            "error": run.error,
            "results": rows,
            "against": None if run.request.against is None else run.request.against.named,
            "pairs": paired_rows(workbench, run),
        }
    )


@benchmark.get("/runs")
def list_runs() -> Response:
    wanted = known_parameters("limit", "status")
    statuses = [_choice(RunStatus, value, "status") for value in _several(wanted, "status")]
    found = _newest_runs(limit_of(wanted, 50, MAX_RUNS), statuses)
    return jsonify({"runs": [run_payload(run) for run in found]})


def _newest_runs(limit: int, statuses: list[RunStatus]) -> list[Run]:
    """As stored, except that a run under way is what its supervisor says: not every change of it is stored."""
    live = {progress.run.run_id: progress.run for progress in data.workbench().supervisor.active()}
    stored_as = {*statuses, *_UNDER_WAY} if statuses else set()
    with data.workbench().database.cursor() as cursor:
        found = runs.recent(cursor, limit=limit + len(live), statuses=list(stored_as))
    current = [live.get(run.run_id, run) for run in found]
    return [run for run in current if not statuses or run.status in statuses][:limit]


@benchmark.post("/cancel/<run_id>")
def cancel_run(run_id: str) -> Response:
    run = data.workbench().supervisor.cancel(run_id)
    return jsonify({"run_id": run.run_id, "status": run.status.value, "message": f"Run {run.number} is stopping."})


@benchmark.post("/resume/<run_id>")
def resume_run(run_id: str) -> tuple[Response, int]:
    run = data.workbench().supervisor.resume(run_id)
    answer = {"run_id": run.run_id, "status": run.status.value, "message": f"Run {run.number} goes on."}
    return jsonify(answer), HTTPStatus.ACCEPTED


@benchmark.get("/models")
def list_models() -> Response:
    catalog = data.workbench().catalog
    listed = sorted(catalog.types.values(), key=lambda model: (not model.runnable, model.name))
    return jsonify(
        {
            "models": [model_row(model) for model in listed],
            "checkpoints": checkpoint_rows(catalog),
            "transformers_version": catalog.transformers_version,
        }
    )


@benchmark.get("/hardware")
def list_hardware() -> Response:
    workbench = data.workbench()
    backends = [asdict(status) for status in hardware(workbench)]
    return jsonify({"hardware": backends, "machine": environment_payload(workbench.environment)})


@benchmark.get("/query")
def query_results() -> Response:
    """Stored results by model, hardware, precision and batch size, newest first."""
    wanted = known_parameters("model", "hardware", "precision", "batch_size", "run_id", "limit")
    workbench = data.workbench()
    limit = limit_of(wanted, 100, MAX_ROWS)
    found = result_rows(
        workbench,
        ResultFilter(
            models=tuple(_model(workbench.catalog, name) for name in _several(wanted, "model")),
            backends=tuple(BACKENDS.get(name, field="hardware").name for name in _several(wanted, "hardware")),
            precisions=tuple(_choice(Precision, value, "precision") for value in _several(wanted, "precision")),
            batch_sizes=tuple(_batch_size(value) for value in _several(wanted, "batch_size")),
            run_id=_run_id(wanted.get("run_id")),
            limit=limit,
        ),
    )
    return jsonify({"results": found, "count": len(found), "limit": limit})


def _several(wanted: MultiDict[str, str], name: str) -> list[str]:
    """Values given as ?name=a&name=b or ?name=a,b; none when the parameter is left out."""
    values = [value.strip() for text in wanted.getlist(name) for value in text.split(",") if value.strip()]
    if name in wanted and not values:
        raise InvalidValue(f"{name} is empty; give it a value, or leave it out for all.", field=name)
    return values


def _model(catalog: Catalog, name: str) -> str:
    try:
        return catalog.choose_one(name).name
    except EngineError as error:
        error.field = "model"
        raise


def _batch_size(value: str) -> int:
    batch_size = whole_number(value, "batch_size")
    if not 1 <= batch_size <= MAX_BATCH_SIZE:
        raise InvalidValue(f"Batch size {batch_size} is not between 1 and {MAX_BATCH_SIZE}.", field="batch_size")
    return batch_size


def _choice(kind: type[Choice], value: str, field: str) -> Choice:
    known = [str(choice) for choice in kind]
    if value not in known:
        raise UnknownName(field, value, known, field=field)
    return kind(value)


def _run_id(value: str | None) -> str | None:
    """The id of a run named by id or number; an unknown one is an error, not an empty answer."""
    if value is None:
        return None
    with data.workbench().database.cursor() as cursor:
        return runs.get(cursor, value).run_id
