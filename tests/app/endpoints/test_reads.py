"""Reads that cross every part: one model, a search, the overview, and SQL."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import NoReturn

import pytest
from flask.testing import FlaskClient

from engine.domain.operation import OperationKind
from engine.storage import results, runs
from tests.app.stand_in import StandInWorkbench
from tests.builders import A_TIME, a_case, a_failed_result, a_request, a_result

PROBLEM = "application/problem+json"


@pytest.fixture
def measured(bench: StandInWorkbench) -> str:
    """A run with bert at batch 1 (twice) and 8, of which the last failed; its id."""
    run = bench.database.write(lambda cursor: runs.create(cursor, a_request(), bench.environment.environment_id))
    found = [
        a_result(a_case(), run_id=run.run_id, started_at=A_TIME),
        a_result(a_case(), run_id=run.run_id, repetition=1, started_at=A_TIME + timedelta(seconds=1)),
        a_failed_result(a_case(batch_size=8), run_id=run.run_id, started_at=A_TIME + timedelta(seconds=2)),
    ]
    for result in found:
        bench.database.write(lambda cursor, result=result: results.save(cursor, result))
    return run.run_id


def test_one_model_is_told_from_catalogue_to_measurement(client: FlaskClient, measured: str) -> None:
    told = client.get("/api/models/bert").json
    assert (told["model"]["name"], told["skillset"], told["conformance"]) == ("bert", None, [])
    failed, good = told["cases"]
    assert (failed["batch_size"], failed["failed"], failed["metrics"]) == (8, 1, {})
    assert failed["last_failure"]["reason"]
    assert (good["batch_size"], good["completed"]) == (1, 2)
    latency = good["metrics"]["latency"]
    assert (latency["unit"], latency["better"], latency["processes"]) == ("s", "lower", 2)
    assert latency["low"] <= latency["value"] <= latency["high"]
    assert told["runs"] == [measured]


def test_a_model_never_measured_is_told_too(client: FlaskClient, measured: str) -> None:
    told = client.get("/api/models/gpt2").json
    assert (told["cases"], told["runs"]) == ([], [])


def test_an_unknown_model_is_not_found_with_what_is_like_it(client: FlaskClient) -> None:
    answer = client.get("/api/models/brt")
    assert (answer.status_code, answer.mimetype) == (404, PROBLEM)
    assert "Did you mean bert" in answer.json["detail"]


def test_the_overview_counts_what_is_there(client: FlaskClient, bench: StandInWorkbench, measured: str) -> None:
    bench.jobs.may_go_on.clear()
    operation = bench.operations.submit(OperationKind.GENERATION, {"models": ["bert"]})
    second = bench.supervisor.submit(a_request())
    told = client.get("/api/overview").json
    assert (told["results"], told["cases"]) == (3, 2)
    assert (told["models_known"], told["models_runnable"], told["models_measured"]) == (3, 2, 1)
    assert told["active_runs"] == [second.run_id]
    assert told["active_operations"] == [operation.operation_id]
    assert {"status": "initializing", "count": 1} in told["runs"]
    assert [row["batch_size"] for row in told["newest"]] == [8, 1]


def test_an_empty_house_has_an_overview(client: FlaskClient) -> None:
    told = client.get("/api/overview").json
    assert (told["results"], told["runs"], told["newest"]) == (0, [], [])


def test_search_finds_models_runs_and_cases(client: FlaskClient, measured: str) -> None:
    places = client.get("/api/search?q=bert").json["places"]
    assert {place["kind"] for place in places} == {"model", "run", "case"}
    assert all(place["href"].startswith("/") for place in places)
    assert len(client.get("/api/search?q=bert&limit=1").json["places"]) == 1
    assert client.get("/api/search?q=nothing-like-it").json["places"] == []


@pytest.mark.parametrize("query", ["", "q=", "q=bert&limit=0", "q=a&q=b", "question=bert"])
def test_a_search_without_words_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/search?{query}")
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)


def test_sql_is_answered_with_names_types_and_rows(client: FlaskClient, measured: str) -> None:
    answer = client.post("/api/query", json={"sql": "select batch_size, status from results order by 1, 2"})
    assert answer.status_code == 200, answer.text
    assert answer.json["columns"] == ["batch_size", "status"]
    assert answer.json["rows"] == [[1, "completed"], [1, "completed"], [8, "failed"]]
    assert answer.json["truncated"] is False
    cut = client.post("/api/query", json={"sql": "select 1 from results", "max_rows": 2}).json
    assert (len(cut["rows"]), cut["truncated"]) == (2, True)


@pytest.mark.parametrize(
    ("sql", "status", "words"),
    [
        ("delete from results", 403, "Only SELECT"),
        ("select * from read_csv('/etc/passwd')", 403, "read_csv"),
        ("select 1; select 2", 403, "one SELECT"),
        ("select nothing from results", 422, "nothing"),
        ("select", 422, ""),
    ],
)
def test_sql_that_does_more_or_cannot_be_is_refused(client: FlaskClient, sql: str, status: int, words: str) -> None:
    answer = client.post("/api/query", json={"sql": sql})
    assert (answer.status_code, answer.mimetype, answer.json["field"]) == (status, PROBLEM, "sql")
    assert words in answer.json["detail"]


def test_numbers_that_json_has_not_are_text(client: FlaskClient) -> None:
    def no_such_number(text: str) -> NoReturn:
        raise AssertionError(f"{text} is no JSON")

    sql = "select -1 / 0.0, [1.5, 'nan'::double], {'a': 'inf'::float}"
    answer = json.loads(client.post("/api/query", json={"sql": sql}).text, parse_constant=no_such_number)
    assert answer["rows"] == [["-inf", [1.5, "nan"], {"a": "inf"}]]


def test_the_schema_names_what_may_be_read(client: FlaskClient) -> None:
    views = {view["name"]: view["columns"] for view in client.get("/api/query/schema").json["views"]}
    assert {"name": "status", "type": "VARCHAR"} in views["results"]
    for name in views:
        assert client.post("/api/query", json={"sql": f"select * from {name} limit 1"}).status_code == 200
