"""Reads that cross every part of the house: one model, a search, where everything stands, and SQL."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app import data
from app.authorization import only_reads
from app.documented import documented
from app.endpoints.json_body import read_body
from app.endpoints.names import model_in_path
from app.endpoints.query_string import read_query, refuse_query
from app.search import find_places
from engine.contract.overview import KnownModel, Overview, Places, SearchQuery
from engine.contract.sql import SqlBody, SqlRows, SqlSchema
from engine.domain.result import ResultFilter
from engine.storage import runs, sandbox
from engine.workflows.case_summaries import case_summaries
from engine.workflows.known_model import known_model
from engine.workflows.overview import overview
from engine.workflows.run_query import run_query, sql_rows

lookups = Blueprint("lookups", __name__, url_prefix="/api")

SEARCHED_RUNS = 200
"""How many of the newest runs a search looks through."""


@lookups.get("/overview")
@documented("lookups", ok=Overview)
def read_overview() -> Response:
    """Where everything stands."""
    refuse_query()
    return jsonify(overview(data.workbench()))


@lookups.get("/models/<model>")
@documented("lookups", ok=KnownModel)
def read_model(model: str) -> Response:
    """Everything known of one model type: catalogued, generated, examined, measured."""
    refuse_query()
    workbench = data.workbench()
    return jsonify(known_model(workbench, model_in_path(workbench.catalog, model).model))


@lookups.get("/search")
@documented("lookups", ok=Places, query=SearchQuery)
def search() -> Response:
    """Model types, checkpoints, runs and measured cases whose words hold all of those asked for."""
    wanted = read_query(SearchQuery)
    workbench = data.workbench()
    with workbench.database.cursor() as cursor:
        recent = runs.recent(cursor, limit=SEARCHED_RUNS)
    cases = [summary.case for summary in case_summaries(workbench, ResultFilter())]
    found = find_places(wanted.q, models=workbench.catalog.types.values(), runs=recent, cases=cases)
    answer: Places = {
        "places": [
            {"kind": place.kind, "label": place.label, "detail": place.detail, "href": place.href}
            for place in found[: wanted.limit]
        ]
    }
    return jsonify(answer)


@lookups.post("/query")
@documented("lookups", ok=SqlRows, body=SqlBody)
@only_reads
def query() -> Response:
    """Run one SELECT on a copy of the data, in a process with limits on time, memory and rows; 403 for anything else.

    What may be read is told by `GET /api/query/schema`.
    """
    body = read_body(SqlBody)
    return jsonify(sql_rows(run_query(data.workbench(), body.sql, max_rows=body.max_rows, client=data.client())))


@lookups.get("/query/schema")
@documented("lookups", ok=SqlSchema)
def query_schema() -> Response:
    """The views that a query may read, with their columns."""
    refuse_query()
    answer: SqlSchema = {
        "views": [
            {"name": name, "columns": [{"name": column, "type": kind} for column, kind in columns]}
            for name, columns in sandbox.schema(data.workbench().database).items()
        ]
    }
    return jsonify(answer)
