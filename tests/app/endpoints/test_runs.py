from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from app.endpoints.payloads import run_payload
from engine.contract.run_body import RunBody
from engine.domain.against import PAIRS, Against
from engine.domain.case import Precision
from engine.domain.model import Tier
from engine.domain.run import RunRequest, RunStatus
from engine.storage import results
from tests.app.stand_in import StandInWorkbench
from tests.builders import a_case, a_failed_result, a_plan, a_result, a_run

PROBLEM = "application/problem+json"


def start(client: FlaskClient, **body: object) -> str:
    answer = client.post("/api/benchmark/run", json={"models": ["bert"]} | body)
    assert answer.status_code == 202, answer.text
    return str(answer.json["run_id"])


def request_of(bench: StandInWorkbench, run_id: str) -> RunRequest:
    return bench.supervisor.progress(run_id).run.request


def test_starting_a_run_answers_with_its_id_and_where_to_follow_it(client: FlaskClient) -> None:
    answer = client.post("/api/benchmark/run", json={"models": ["bert"], "hardware": ["cpu"], "batch_sizes": [1, 4]})
    assert answer.status_code == 202
    assert set(answer.json) >= {"run_id", "status", "message", "started_at"}
    assert client.get(answer.headers["Location"]).json["run_id"] == answer.json["run_id"]


def test_every_field_reaches_the_request(client: FlaskClient, bench: StandInWorkbench) -> None:
    run_id = start(
        client,
        models=["bert", "gpt2", "bert"],
        batch_sizes=[4, 1],
        precision=["fp32", "bf16"],
        progressive_mode=False,
        incremental=True,
        runs=5,
        sequence_length=64,
        title="nightly",
    )
    request = request_of(bench, run_id)
    assert request.models == ("bert", "gpt2")
    assert request.batch_sizes == (4, 1)
    assert request.precisions == (Precision.FP32, Precision.BF16)
    assert (request.progressive, request.incremental) == (False, True)
    assert (request.protocol.processes, request.sequence_length, request.title) == (5, 64, "nightly")


def test_the_list_of_runs_tells_them_apart_by_the_names_of_the_request(client: FlaskClient) -> None:
    asked = {
        "checkpoint": "mine/bert",
        "models": ["bert"],
        "workloads": ["generation", "concurrency"],
        "size": "tiny",
        "sequence_length": 64,
        "threads": 1,
        "new_tokens": 8,
        "workers": 3,
        "compile": True,
        "attention": "eager",
        "cold": True,
        "runs": 5,
        "warmup": 0,
        "pin": True,
        "budget_seconds": 90.0,
        "title": "nightly",
    }
    listed = run_payload(a_run(request=RunBody(**asked).to_request()))
    assert {name: listed[name] for name in asked} == asked
    assert {field.alias or name for name, field in RunBody.model_fields.items()} <= set(listed)
    start(client, threads=1, title="nightly")
    (run,) = client.get("/api/benchmark/runs").json["runs"]
    assert (run["threads"], run["title"]) == (1, "nightly")


def test_a_budget_is_in_seconds(client: FlaskClient, bench: StandInWorkbench) -> None:
    assert request_of(bench, start(client, budget_seconds=1800)).budget_seconds == 1800
    answer = client.post("/api/benchmark/run", json={"models": ["bert"], "budget_seconds": 0})
    assert (answer.status_code, "budget_seconds" in answer.text) == (422, True)


def test_a_checkpoint_may_be_named_among_the_models(client: FlaskClient, bench: StandInWorkbench) -> None:
    request = request_of(bench, start(client, models=["bert", "google-bert/bert-large-uncased"]))
    assert request.models == ("bert", "google-bert/bert-large-uncased")
    answer = client.post("/api/benchmark/run", json={"models": ["bert-lrge-uncased"]})
    assert (answer.status_code, answer.json["field"]) == (422, "models")
    assert "Did you mean bert-large-uncased" in answer.json["detail"]


def test_hardware_and_precision_may_be_a_single_name(client: FlaskClient, bench: StandInWorkbench) -> None:
    request = request_of(bench, start(client, hardware="cpu", precision="bf16"))
    assert request.backends == ("cpu",)
    assert request.precisions == (Precision.BF16,)


@pytest.mark.parametrize(("priority", "tier"), [("high", Tier.HIGH), ("all", Tier.LOW)])
def test_a_priority_stands_for_its_models(
    client: FlaskClient, bench: StandInWorkbench, priority: str, tier: Tier
) -> None:
    request = request_of(bench, start(client, models=[], priority=priority))
    assert (request.models, request.tier) == ((), tier)


@pytest.mark.parametrize(
    ("body", "field", "named"),
    [
        ({"models": ["bert"], "batch_sizes": [0]}, "batch_sizes", "0"),
        ({"models": ["bert"], "batch_sizes": [1, "many"]}, "batch_sizes", "many"),
        ({"models": ["bert"], "batch_sizes": [True]}, "batch_sizes", "True"),
        ({"models": ["bert"], "batch_sizes": []}, "batch_sizes", "at least 1"),
        ({"models": ["bert"], "batch_sizes": [5000]}, "batch_sizes", "5000"),
        ({"models": ["brt"]}, "models", "bert"),
        ({"models": ["bert"], "hardware": ["cudda"]}, "hardware", "cuda"),
        ({"models": ["bert"], "hardware": "cuda"}, "hardware", "No cuda device was found"),
        ({"models": ["bert"], "precision": "fp9"}, "precision", "fp9"),
        ({"models": ["bert"], "precision": 32}, "precision", "32"),
        ({"priority": "urgent"}, "priority", "urgent"),
        ({"models": ["bert"], "progressive_mode": "yes"}, "progressive_mode", "yes"),
        ({"models": ["bert"], "new_tokens": 8}, "new_tokens", "add generation to them, or leave new_tokens out"),
        ({"models": ["bert"], "workers": 3}, "workers", "add concurrency to them, or leave workers out"),
        ({"models": ["bert"], "batchsizes": [1]}, "batchsizes", "batch_sizes"),
        ({}, "models", "models"),
    ],
)
def test_a_bad_value_is_refused_by_name(client: FlaskClient, body: dict[str, object], field: str, named: str) -> None:
    answer = client.post("/api/benchmark/run", json=body)
    assert answer.status_code == 422
    assert answer.mimetype == PROBLEM
    assert answer.json["field"] == field
    assert named in answer.json["detail"]
    assert client.get("/api/benchmark/runs").json["runs"] == []


def test_an_unknown_model_comes_with_the_nearest_names(client: FlaskClient) -> None:
    assert client.post("/api/benchmark/run", json={"models": ["brt"]}).json["nearest"] == ["bert"]


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[1, 2]", '"bert"', "models=bert", "[" * 100_000, '{"models": ' + "[" * 900 + "]" * 900 + "}",
        '{"runs": NaN}', '{"runs": -Infinity}', '{"runs": 1e999}', '{"runs": ' + "9" * 5000 + "}",
    ],
    ids=lambda body: body[:20],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_a_bad_request(client: FlaskClient, body: str) -> None:
    answer = client.post("/api/benchmark/run", data=body, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (400, PROBLEM)


def test_status_has_every_promised_field(client: FlaskClient, bench: StandInWorkbench) -> None:
    run_id = start(client)
    live = bench.supervisor.live[run_id]
    live.set_plan(a_plan(), ())
    live.set_status(RunStatus.RUNNING)
    live.set_remaining((4.0, 9.0))
    status = client.get(f"/api/benchmark/status/{run_id}").json
    assert status["status"] == "running"
    assert status["progress"] == 0.0
    assert 5.0 < status["estimated_remaining_time"] <= 6.0
    assert status["estimated_remaining_range"] == pytest.approx([4.0, 9.0], abs=0.5)
    assert (status["completed_models"], status["total_models"]) == (0, 1)
    assert {"current_step", "start_time", "elapsed_time", "error"} <= set(status)


def test_a_model_counts_as_completed_when_all_its_cases_have_ended(
    client: FlaskClient, bench: StandInWorkbench
) -> None:
    run_id = start(client)
    live = bench.supervisor.live[run_id]
    live.set_plan(a_plan(repetitions=2), ())
    live.end_case(0, a_result(run_id=run_id))
    assert client.get(f"/api/benchmark/status/{run_id}").json["completed_models"] == 0
    live.end_case(1, a_failed_result(run_id=run_id))
    status = client.get(f"/api/benchmark/status/{run_id}").json
    assert (status["completed_models"], status["progress"]) == (1, 1.0)
    assert status["cases"] == {"total": 2, "completed": 1, "failed": 1, "skipped": 0, "cancelled": 0}


def test_results_of_a_run_under_way_are_not_finished(client: FlaskClient) -> None:
    answer = client.get(f"/api/benchmark/results/{start(client)}")
    assert (answer.status_code, answer.json["title"]) == (409, "Not finished")
    assert "is initializing with 0 of 0 results there" in answer.json["detail"]


def test_results_of_an_ended_run_hold_failures_too(client: FlaskClient, bench: StandInWorkbench) -> None:
    run_id = start(client)
    bench.database.write(lambda cursor: results.save(cursor, a_result(run_id=run_id)))
    bench.database.write(
        lambda cursor: results.save(cursor, a_failed_result(run_id=run_id, repetition=1, result_id="other"))
    )
    bench.supervisor.end(run_id)
    answer = client.get(f"/api/benchmark/results/{run_id}").json
    assert (answer["status"], len(answer["results"])) == ("completed", 2)
    outcomes = {row["status"]: row["failure"] for row in answer["results"]}
    assert outcomes == {"completed": None, "failed": {"kind": "error", "reason": "ValueError: bad shape"}}


@pytest.mark.parametrize("verb", ["status", "results", "cancel", "resume"])
def test_an_unknown_run_is_not_found(client: FlaskClient, verb: str) -> None:
    call = client.post if verb in ("cancel", "resume") else client.get
    answer = call(f"/api/benchmark/{verb}/no-such-run")
    assert (answer.status_code, answer.mimetype) == (404, PROBLEM)
    assert "no-such-run" in answer.json["detail"]


def test_a_run_can_be_cancelled_once(client: FlaskClient, bench: StandInWorkbench) -> None:
    run_id = start(client)
    assert client.post(f"/api/benchmark/cancel/{run_id}").json["status"] == "cancelling"
    bench.supervisor.end(run_id, RunStatus.CANCELLED)
    assert client.post(f"/api/benchmark/cancel/{run_id}").status_code == 409


def test_an_ended_run_can_be_resumed_and_a_live_one_cannot(client: FlaskClient, bench: StandInWorkbench) -> None:
    run_id = start(client)
    assert client.post(f"/api/benchmark/resume/{run_id}").status_code == 409
    bench.supervisor.end(run_id, RunStatus.INTERRUPTED)
    answer = client.post(f"/api/benchmark/resume/{run_id}")
    assert (answer.status_code, answer.json["status"]) == (202, "initializing")


def test_a_run_that_is_being_cancelled_is_so_everywhere(client: FlaskClient, bench: StandInWorkbench) -> None:
    run_id, ended = start(client), start(client)
    bench.supervisor.end(ended)
    client.post(f"/api/benchmark/cancel/{run_id}")
    listed = client.get("/api/benchmark/runs").json["runs"]
    assert [run["status"] for run in listed] == ["completed", "cancelling"]
    cancelling = client.get("/api/benchmark/runs?status=cancelling&limit=1").json["runs"]
    assert [run["run_id"] for run in cancelling] == [run_id]
    assert client.get("/api/benchmark/runs?status=initializing").json["runs"] == []
    assert "is cancelling with" in client.get(f"/api/benchmark/results/{run_id}").json["detail"]


def test_runs_are_listed_newest_first_and_by_status(client: FlaskClient, bench: StandInWorkbench) -> None:
    first, second = start(client, title="first"), start(client, title="second")
    bench.supervisor.end(first, RunStatus.FAILED, "no room")
    listed = client.get("/api/benchmark/runs").json["runs"]
    assert [run["run_id"] for run in listed] == [second, first]
    assert listed[1]["error"] == "no room"
    failed = client.get("/api/benchmark/runs?status=failed&limit=1").json["runs"]
    assert [run["run_id"] for run in failed] == [first]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=many", "limit=1_0", "limit=%EF%BC%95", "status=fine", "status=", "offset=3"]
)
def test_a_bad_list_parameter_is_refused_by_name(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/benchmark/runs?{query}")
    assert (answer.status_code, answer.json["field"]) == (422, query.partition("=")[0])


def test_a_second_configuration_makes_a_run_in_pairs_whose_results_have_verdicts(
    client: FlaskClient, bench: StandInWorkbench
) -> None:
    run_id = start(client, against={"precision": "bf16", "compile": False, "threads": 1})
    request = request_of(bench, run_id)
    assert request.against == Against(precision=Precision.BF16, compiled=False, threads=1)
    assert request.protocol.processes == PAIRS
    listed = client.get("/api/benchmark/runs").json["runs"][0]
    assert listed["against"] == {"precision": "bf16", "compile": False, "threads": 1}
    base = a_case()
    for repetition in range(6):
        for case, latency in ((base, 0.04), (request.against.applied_to(base), 0.02)):
            row = a_result(
                case, latency=latency, repetition=repetition, run_id=run_id, result_id=f"{case.case_id}-{repetition}"
            )
            bench.database.write(lambda cursor, row=row: results.save(cursor, row))
    bench.supervisor.end(run_id)
    answer = client.get(f"/api/benchmark/results/{run_id}").json
    assert answer["against"] == listed["against"]
    latency = answer["pairs"][0]
    assert (latency["metric"], latency["verdict"], latency["pairs"]) == ("latency", "better", 6)
    assert latency["ratio"] == pytest.approx(0.5)


def test_other_runs_have_no_pairs(client: FlaskClient, bench: StandInWorkbench) -> None:
    run_id = start(client)
    bench.supervisor.end(run_id)
    answer = client.get(f"/api/benchmark/results/{run_id}").json
    assert (answer["against"], answer["pairs"]) == (None, [])


@pytest.mark.parametrize(
    ("against", "status", "told"),
    [
        ({}, 422, "differs in nothing"),
        ({"precision": "fp32"}, 422, "is the first one"),
        ({"precision": "bf17"}, 422, "precision"),
        ({"precison": "bf16"}, 422, "precison"),
    ],
)
def test_a_second_configuration_that_cannot_be_is_refused(
    client: FlaskClient, against: dict[str, str], status: int, told: str
) -> None:
    answer = client.post("/api/benchmark/run", json={"models": ["bert"], "against": against})
    assert answer.status_code == status
    assert told in answer.text


def test_a_field_goes_by_the_name_that_it_has_here(client: FlaskClient, bench: StandInWorkbench) -> None:
    assert request_of(bench, start(client, compile=True)).compiled is True
    assert client.post("/api/benchmark/run", json={"models": ["bert"], "compiled": True}).status_code == 422


def test_a_run_whose_end_could_not_be_stored_is_listed_as_it_ended(
    client: FlaskClient, bench: StandInWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = start(client)
    bench.supervisor.live[run_id].set_status(RunStatus.FAILED, at=datetime.now(UTC), error="No room.")
    monkeypatch.setattr(bench.supervisor, "active", list)
    listed = [client.get(f"/api/benchmark/runs{query}").json["runs"] for query in ("", "?status=failed")]
    assert [[(row["run_id"], row["status"], row["error"]) for row in rows] for rows in listed] == [
        [(run_id, "failed", "No room.")]
    ] * 2
    assert client.get("/api/benchmark/runs?status=initializing").json["runs"] == []
