from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from engine.domain.model import Family
from engine.domain.operation import OperationKind
from engine.domain.skillset import GenerationStatus, Skillset
from engine.storage import skillsets
from tests.app.stand_in import StandInWorkbench

PROBLEM = "application/problem+json"


def start(client: FlaskClient, path: str = "batch", **body: object) -> str:
    answer = client.post(f"/api/generator/{path}", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json["operation_id"])


def ended(bench: StandInWorkbench, operation_id: str) -> None:
    bench.operations.wait(OperationKind.GENERATION, operation_id, 5.0)


@pytest.fixture
def generated(bench: StandInWorkbench, tmp_path: Path) -> Path:
    """The module of bert, on disk and in the database."""
    path = tmp_path / "hf_bert.py"
    path.write_text("# the module of bert\n", encoding="utf-8")
    skillset = Skillset(
        model_type="bert",
        family=Family.TEXT_ENCODER,
        path=str(path),
        checksum="1" * 64,
        generator_version="g1",
        transformers_version="5.23.0",
        status=GenerationStatus.VERIFIED,
        reason=None,
        generated_at=datetime.now(UTC),
    )
    bench.database.write(lambda cursor: skillsets.save(cursor, skillset))
    return path


def test_one_model_is_generated_in_the_background(client: FlaskClient, bench: StandInWorkbench) -> None:
    answer = client.post("/api/generator/model", json={"model": "bert"})
    assert (answer.status_code, answer.json["kind"]) == (202, "generation")
    assert "bert" in answer.json["message"]
    ended(bench, answer.json["operation_id"])
    status = client.get(answer.headers["Location"]).json
    assert (status["status"], status["progress"], status["outcomes"]) == (
        "completed",
        1.0,
        {"total": 1, "done": 1, "failed": 0},
    )
    results = client.get(f"/api/generator/results/{answer.json['operation_id']}").json
    assert [row["model_type"] for row in results["results"]] == ["bert"]


def test_results_of_one_under_way_are_a_conflict_and_it_can_be_cancelled_once(
    client: FlaskClient, bench: StandInWorkbench
) -> None:
    bench.jobs.may_go_on.clear()
    operation_id = start(client, models=["bert", "gpt2"])
    answer = client.get(f"/api/generator/results/{operation_id}")
    assert (answer.status_code, answer.mimetype) == (409, PROBLEM)
    assert f"/api/generator/status/{operation_id}" in answer.json["detail"]
    assert client.post(f"/api/generator/cancel/{operation_id}").json["status"] == "cancelling"
    ended(bench, operation_id)
    assert client.post(f"/api/generator/cancel/{operation_id}").status_code == 409
    assert client.get(f"/api/generator/results/{operation_id}").json["status"] == "cancelled"


def test_operations_are_listed_newest_first_with_what_was_asked(client: FlaskClient, bench: StandInWorkbench) -> None:
    first = start(client, models="bert", force=True)
    ended(bench, first)
    bench.jobs.may_go_on.clear()
    second = start(client, models="gpt2")
    listed = client.get("/api/generator/runs").json["operations"]
    assert [row["operation_id"] for row in listed] == [second, first]
    assert (listed[1]["request"]["models"], listed[1]["request"]["force"]) == (["bert"], True)
    ended_ones = client.get("/api/generator/runs?status=completed,failed").json["operations"]
    assert [row["operation_id"] for row in ended_ones] == [first]
    assert len(client.get("/api/generator/runs?limit=1").json["operations"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "field", "named"),
    [
        ("model", {"model": "brt"}, "model", "bert"),
        ("model", {}, "model", "model"),
        ("model", {"model": "bert", "verify": "no"}, "verify", "no"),
        ("batch", {"models": ["brt"]}, "models", "bert"),
        ("batch", {"models": []}, None, "priority"),
        ("batch", {"priority": "urgent"}, "priority", "urgent"),
        ("batch", {"model": "bert"}, "model", "models"),
    ],
)
def test_a_bad_value_is_refused_by_name(
    client: FlaskClient, path: str, body: dict[str, object], field: str | None, named: str
) -> None:
    answer = client.post(f"/api/generator/{path}", json=body)
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    assert answer.json.get("field") == field
    assert named in answer.json["detail"]
    assert client.get("/api/generator/runs").json["operations"] == []


@pytest.mark.parametrize("verb", ["status", "results"])
def test_an_unknown_operation_is_not_found(client: FlaskClient, verb: str) -> None:
    answer = client.get(f"/api/generator/{verb}/nope")
    assert (answer.status_code, answer.json["field"]) == (404, "operation_id")
    assert client.post("/api/generator/cancel/nope").status_code == 404


def test_modules_are_listed_and_downloaded(client: FlaskClient, generated: Path) -> None:
    (row,) = client.get("/api/generator/skillsets").json["skillsets"]
    assert (row["model_type"], row["status"], row["path"]) == ("bert", "verified", str(generated))
    answer = client.get("/api/generator/file/bert")
    assert (answer.text, answer.mimetype) == ("# the module of bert\n", "text/x-python")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="hf_bert.py"'


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("gpt2", 404, "No skillset of gpt2 was generated"),
        ("brt", 404, "Did you mean bert"),
        ("bert?part=tests", 404, "test_hf_bert.py is not there"),
        ("bert?part=secrets", 422, "part"),
        ("..%2f..%2fetc%2fpasswd", 404, "Nothing lives at"),
        ("..", 404, "Unknown model type"),
    ],
)
def test_a_file_that_is_not_there_is_told(
    client: FlaskClient, generated: Path, path: str, status: int, words: str
) -> None:
    answer = client.get(f"/api/generator/file/{path}")
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), answer.text
    assert words in answer.json["detail"]


def test_templates_say_how_many_types_each_makes(client: FlaskClient) -> None:
    answer = client.get("/api/generator/templates").json
    assert answer["templates"] == [
        {"family": "other", "template": "skillset/other.py.j2", "types": 1, "runnable": 0},
        {"family": "text_decoder", "template": "skillset/text_decoder.py.j2", "types": 1, "runnable": 1},
        {"family": "text_encoder", "template": "skillset/text_encoder.py.j2", "types": 1, "runnable": 1},
    ]
    assert answer["generator_version"]


def test_hardware_is_that_of_the_benchmark(client: FlaskClient) -> None:
    assert client.get("/api/generator/hardware").json == client.get("/api/benchmark/hardware").json
