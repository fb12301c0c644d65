"""/api/benchmark: start, follow, stop and read runs; what can be measured, and on what."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app import data
from app.documented import documented
from app.endpoints.json_body import read_body
from app.endpoints.names import model_named
from app.endpoints.payloads import (
    case_counts,
    environment_payload,
    run_payload,
    status_payload,
)
from app.endpoints.query_string import read_query, refuse_query
from app.endpoints.repeatable import repeatable
from engine.backends import BACKENDS
from engine.contract.catalog import BackendRow, Hardware, Models
from engine.contract.queries import ResultsQuery, RunsQuery
from engine.contract.results import Results
from engine.contract.run_body import NAMES, RunBody
from engine.contract.runs import RunResults, Runs, RunStanding, StartedRun, StoppingRun
from engine.domain.hardware import BackendStatus
from engine.domain.result import ResultFilter
from engine.domain.run import Run, RunStatus
from engine.errors import EngineError, NotFinished
from engine.storage import runs
from engine.workflows.hardware import hardware
from engine.workflows.model_rows import checkpoint_rows, model_row
from engine.workflows.paired import paired_rows
from engine.workflows.result_rows import result_rows

benchmark = Blueprint("benchmark", __name__, url_prefix="/api/benchmark")

_UNDER_WAY = tuple(status for status in RunStatus if not status.is_final)


@benchmark.post("/run")
@documented("benchmark", accepted=StartedRun, body=RunBody, problems=(HTTPStatus.CONFLICT,), is_repeatable=True)
@repeatable
def start_run() -> tuple[Response, int, dict[str, str]]:
    """Start a run, which is accepted at once and carried out in the background."""
    body = read_body(RunBody)
    try:
        run = data.workbench().supervisor.submit(body.to_request())
    except EngineError as error:
        error.field = NAMES.get(error.field, error.field) if error.field else None
        raise
    answer: StartedRun = {
        "run_id": run.run_id,
        "number": run.number,
        "status": run.status,
        "message": f"Run {run.number} is {run.status.value}.",
        "started_at": (run.started_at or run.created_at).isoformat(),
    }
    location = f"/api/benchmark/status/{run.run_id}"
    return jsonify(answer), HTTPStatus.ACCEPTED, {"Location": location}


@benchmark.get("/status/<run_id>")
@documented("benchmark", ok=RunStanding)
def run_status(run_id: str) -> Response:
    """Where a run stands."""
    refuse_query()
    return jsonify(status_payload(data.workbench().supervisor.progress(run_id)))


@benchmark.get("/results/<run_id>")
@documented("benchmark", ok=RunResults, problems=(HTTPStatus.CONFLICT,))
def run_results(run_id: str) -> Response:
    """Every result of a run that has ended, however it ended."""
    refuse_query()
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
    answer: RunResults = {
        "run_id": run.run_id,
        "number": run.number,
        "status": run.status,
        "cases": case_counts(run),
        "error": run.error,
        "results": result_rows(workbench, ResultFilter(run_id=run.run_id)),
        "against": None if run.request.against is None else run.request.against.named,
        "pairs": paired_rows(workbench, run),
    }
    return jsonify(answer)


@benchmark.get("/runs")
@documented("benchmark", ok=Runs, query=RunsQuery)
def list_runs() -> Response:
    """Runs, newest first."""
    wanted = read_query(RunsQuery)
    answer: Runs = {"runs": [run_payload(run) for run in _newest_runs(wanted.limit, wanted.status)]}
    return jsonify(answer)


def _newest_runs(limit: int, statuses: list[RunStatus]) -> list[Run]:
    """As stored, except that a run under way is what its supervisor says: not every change of it is stored."""
    supervisor = data.workbench().supervisor
    live = {progress.run.run_id: progress.run for progress in supervisor.active()}
    stored_as = {*statuses, *_UNDER_WAY} if statuses else set()
    with data.workbench().database.cursor() as cursor:
        found = runs.recent(cursor, limit=limit + len(live), statuses=list(stored_as))
    # One that is stored as under way, and is not, ended where there was no room to store that.
    ended = {
        run.run_id: supervisor.progress(run.run_id).run
        for run in found
        if run.run_id not in live and not run.status.is_final
    }
    current = [live.get(run.run_id) or ended.get(run.run_id) or run for run in found]
    return [run for run in current if not statuses or run.status in statuses][:limit]


@benchmark.post("/cancel/<run_id>")
@documented("benchmark", ok=StoppingRun, problems=(HTTPStatus.CONFLICT,))
def cancel_run(run_id: str) -> Response:
    """Stop a run: its processes are killed, its results kept."""
    refuse_query()
    run = data.workbench().supervisor.cancel(run_id)
    answer: StoppingRun = {"run_id": run.run_id, "status": run.status, "message": f"Run {run.number} is stopping."}
    return jsonify(answer)


@benchmark.post("/resume/<run_id>")
@documented("benchmark", accepted=StoppingRun, problems=(HTTPStatus.CONFLICT,))
def resume_run(run_id: str) -> tuple[Response, int]:
    """Go on with a run that ended early: what was measured is not measured again."""
    refuse_query()
    run = data.workbench().supervisor.resume(run_id)
    answer: StoppingRun = {"run_id": run.run_id, "status": run.status, "message": f"Run {run.number} goes on."}
    return jsonify(answer), HTTPStatus.ACCEPTED


@benchmark.get("/models")
@documented("benchmark", ok=Models)
def list_models() -> Response:
    """Model types and published checkpoints that can be measured, and why others cannot."""
    refuse_query()
    catalog = data.workbench().catalog
    listed = sorted(catalog.types.values(), key=lambda model: (not model.runnable, model.name))
    answer: Models = {
        "models": [model_row(model) for model in listed],
        "checkpoints": checkpoint_rows(catalog),
        "transformers_version": catalog.transformers_version,
    }
    return jsonify(answer)


@benchmark.get("/hardware")
@documented("benchmark", ok=Hardware)
def list_hardware() -> Response:
    """Every known backend, with why it cannot be used where it cannot, and the server's machine."""
    refuse_query()
    return jsonify(hardware_answer())


def hardware_answer() -> Hardware:
    workbench = data.workbench()
    return {
        "hardware": [_backend_row(status) for status in hardware(workbench)],
        "machine": environment_payload(workbench.environment),
    }


def _backend_row(status: BackendStatus) -> BackendRow:
    return {
        "backend": status.backend,
        "available": status.available,
        "reason": status.reason,
        "devices": list(status.devices),
        "versions": dict(status.versions),
        "precisions": list(status.precisions),
        "refused": dict(status.refused),
        "facts": dict(status.facts),
        "board": status.board,
    }


@benchmark.get("/query")
@documented("benchmark", ok=Results, query=ResultsQuery, problems=(HTTPStatus.NOT_FOUND,))
def query_results() -> Response:
    """Stored results by model, hardware, precision and batch size, newest first."""
    wanted = read_query(ResultsQuery)
    workbench = data.workbench()
    found = result_rows(
        workbench,
        ResultFilter(
            models=tuple(model_named(workbench.catalog, name).name for name in wanted.model),
            backends=tuple(BACKENDS.get(name, field="hardware").name for name in wanted.hardware),
            precisions=tuple(wanted.precision),
            batch_sizes=tuple(wanted.batch_size),
            run_id=_run_id(wanted.run_id),
            limit=wanted.limit,
        ),
    )
    answer: Results = {"results": found, "count": len(found), "limit": wanted.limit}
    return jsonify(answer)


def _run_id(value: str | None) -> str | None:
    """The id of a run named by id or number; an unknown one is an error, not an empty answer."""
    if value is None:
        return None
    with data.workbench().database.cursor() as cursor:
        return runs.get(cursor, value).run_id
