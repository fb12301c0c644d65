from __future__ import annotations

from datetime import timedelta

import pytest
from duckdb import DuckDBPyConnection
from flask.testing import FlaskClient

from engine.domain.run import RunStatus
from engine.storage import reports, results, runs
from tests.app.stand_in import StandInWorkbench
from tests.builders import A_TIME, a_case, a_request, a_result, a_stored_report


@pytest.fixture
def measured(bench: StandInWorkbench) -> str:
    """A run with bert at batch 1 and 8 and gpt2 at batch 1; its id."""
    run = bench.database.write(lambda cursor: runs.create(cursor, a_request(), bench.environment.environment_id))
    cases = (a_case(), a_case(batch_size=8), a_case("gpt2"))
    for position, case in enumerate(cases):
        result = a_result(case, run_id=run.run_id, started_at=A_TIME + timedelta(seconds=position))
        bench.database.write(lambda cursor, result=result: results.save(cursor, result))
    return run.run_id


def found(client: FlaskClient, query: str) -> list[tuple[str, int]]:
    rows = client.get(f"/api/benchmark/query?{query}").json["results"]
    return [(row["model_type"], row["batch_size"]) for row in rows]


def test_query_answers_newest_first(client: FlaskClient, measured: str) -> None:
    assert found(client, "") == [("gpt2", 1), ("bert", 8), ("bert", 1)]


def test_query_narrows_by_every_parameter(client: FlaskClient, measured: str) -> None:
    assert found(client, "model=bert") == [("bert", 8), ("bert", 1)]
    assert found(client, "model=bert,gpt2&batch_size=1") == [("gpt2", 1), ("bert", 1)]
    assert found(client, "model=bert&model=gpt2&limit=1") == [("gpt2", 1)]
    assert found(client, "hardware=cpu&precision=fp32&batch_size=8") == [("bert", 8)]
    assert found(client, "precision=bf16") == []
    assert len(found(client, f"run_id={measured}")) == 3


def test_a_checkpoint_is_queried_by_its_name_and_belongs_to_its_type(
    client: FlaskClient, bench: StandInWorkbench, measured: str
) -> None:
    result = a_result(a_case(size="bert-large-uncased"), run_id=measured, started_at=A_TIME - timedelta(seconds=1))
    bench.database.write(lambda cursor: results.save(cursor, result))
    (row,) = client.get("/api/benchmark/query?model=google-bert/bert-large-uncased").json["results"]
    assert (row["model_type"], row["size"]) == ("bert", "bert-large-uncased")
    assert len(found(client, "model=bert")) == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("model=brt", "model"),
        ("model=", "model"),
        ("hardware=,", "hardware"),
        ("hardware=tpuu", "hardware"),
        ("batch_size=0", "batch_size"),
        ("batch_size=x", "batch_size"),
        ("precision=fp9", "precision"),
        ("limit=0", "limit"),
        ("limit=1000000", "limit"),
        ("modle=bert", "modle"),
    ],
)
def test_a_bad_query_is_refused_by_name(client: FlaskClient, query: str, field: str) -> None:
    answer = client.get(f"/api/benchmark/query?{query}")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["field"] == field


def test_query_of_an_unknown_run_is_not_found(client: FlaskClient) -> None:
    assert client.get("/api/benchmark/query?run_id=nope").status_code == 404


def test_models_list_their_sizes_with_counted_and_published_parameters(client: FlaskClient) -> None:
    answer = client.get("/api/benchmark/models").json
    bert = next(model for model in answer["models"] if model["name"] == "bert")
    assert [size["name"] for size in bert["sizes"][:2]] == ["tiny", "default"]
    assert {size["parameters_are"] for size in bert["sizes"][:2]} == {"counted"}
    large = {"name": "bert-large-uncased", "parameters": 336_226_108, "parameters_are": "published"}
    assert large in bert["sizes"]
    reasons = {row["name"]: row["reason"] for row in answer["checkpoints"]}
    assert reasons["bert-large-uncased"] is None
    assert "no model type of this catalogue" in reasons["whisper-large-v3"]


def test_models_list_runnable_types_first(client: FlaskClient) -> None:
    listed = client.get("/api/benchmark/models").json["models"]
    assert [(model["name"], model["status"]) for model in listed] == [
        ("bert", "runnable"),
        ("gpt2", "runnable"),
        ("ernie", "fails"),
    ]


def test_hardware_says_why_a_backend_is_not_here(client: FlaskClient) -> None:
    answer = client.get("/api/benchmark/hardware").json
    reasons = {status["backend"]: status["reason"] for status in answer["hardware"]}
    assert reasons == {"cpu": None, "cuda": "No cuda device was found."}
    assert answer["machine"]["logical_cores"] == 8


def test_health_counts_what_is_stored(client: FlaskClient, measured: str) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["status"], answer.json["results"]) == (200, "ok", 3)


def test_a_report_is_made_listed_and_downloaded(client: FlaskClient, bench: StandInWorkbench, measured: str) -> None:
    assert client.post("/api/benchmark/reports", json={"run_id": measured}).status_code == 409
    bench.database.write(lambda cursor: runs.set_status(cursor, measured, RunStatus.COMPLETED, at=A_TIME))
    made = client.post("/api/benchmark/reports", json={"run_id": measured})
    assert made.status_code == 201
    assert client.get("/api/benchmark/reports").json["reports"] == [made.json]
    file = client.get(made.json["download"])
    assert file.data.startswith(b"<!DOCTYPE html>")
    assert file.headers["Content-Disposition"] == f"attachment; filename={made.json['filename']}"


def test_as_many_reports_are_listed_as_are_asked_for(client: FlaskClient, bench: StandInWorkbench) -> None:
    def save_all(cursor: DuckDBPyConnection) -> None:
        for number in range(60):
            made = a_stored_report(report_id=f"report-{number:04}", created_at=A_TIME + timedelta(minutes=number))
            reports.save(cursor, made)

    bench.database.write(save_all)
    for query, count in (("", 50), ("?limit=1000", 60), ("?limit=1", 1)):
        listed = client.get(f"/api/benchmark/reports{query}").json["reports"]
        assert (len(listed), listed[0]["report_id"]) == (count, "report-0059")
    assert client.get("/api/benchmark/reports?limit=0").status_code == 422


def test_a_report_opened_in_the_browser_runs_in_an_origin_of_its_own(
    client: FlaskClient, bench: StandInWorkbench
) -> None:
    bench.settings.report_dir.mkdir(parents=True)
    (bench.settings.report_dir / "modeldyno-run-1.html").write_text("<!DOCTYPE html>")
    bench.database.write(lambda cursor: reports.save(cursor, a_stored_report()))
    answer = client.get("/api/benchmark/reports/report-0001?inline")
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts")


def test_a_report_whose_file_is_gone_says_so(client: FlaskClient, bench: StandInWorkbench) -> None:
    bench.database.write(lambda cursor: reports.save(cursor, a_stored_report()))
    answer = client.get("/api/benchmark/reports/report-0001")
    assert (answer.status_code, "make the report again" in answer.json["detail"]) == (404, True)


def test_a_stored_file_name_cannot_lead_out_of_the_report_folder(client: FlaskClient, bench: StandInWorkbench) -> None:
    bench.settings.report_dir.mkdir(parents=True)
    (bench.settings.home / "secret.html").write_text("secret")
    outside = a_stored_report(filename="../secret.html")
    bench.database.write(lambda cursor: reports.save(cursor, outside))
    assert client.get("/api/benchmark/reports/report-0001").status_code == 404


@pytest.mark.parametrize("body", [{}, {"run_id": 3}, {"run": "x"}])
def test_a_report_needs_a_run(client: FlaskClient, body: dict[str, object]) -> None:
    assert client.post("/api/benchmark/reports", json=body).status_code == 422
