from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from engine.domain.operation import OperationKind
from engine.domain.skillset_suite import SUITES, SkillsetSuite
from engine.reports.suite_rows import outcome_of_row, suite_row
from tests.app.stand_in import StandInWorkbench


def test_skillsets_are_tested_in_the_background(client: FlaskClient, bench: StandInWorkbench) -> None:
    answer = client.post("/api/test/run", json={"models": ["bert", "gpt2", "bert"], "suite": "fault_tolerance"})
    assert (answer.status_code, answer.json["kind"]) == (202, "skillset_test")
    assert "2 skillsets are being tested: fault tolerance" in answer.json["message"]
    operation_id = answer.json["operation_id"]
    bench.operations.wait(OperationKind.SKILLSET_TEST, operation_id, 5.0)
    assert client.get(answer.headers["Location"]).json["status"] == "completed"
    rows = client.get(f"/api/test/results/{operation_id}").json["results"]
    assert [(row["model_type"], row["verdict"]) for row in rows] == [("bert", "passed"), ("gpt2", "passed")]
    asked = [check.value for check in SUITES[SkillsetSuite.FAULT_TOLERANCE]]
    assert [check["name"] for check in rows[0]["checks"]] == asked
    assert suite_row(outcome_of_row(rows[0])) == rows[0]


def test_tests_and_generations_do_not_mix(client: FlaskClient, bench: StandInWorkbench) -> None:
    operation_id = client.post("/api/test/run", json={"models": "bert"}).json["operation_id"]
    assert client.get(f"/api/generator/status/{operation_id}").status_code == 404
    assert client.get("/api/generator/runs").json["operations"] == []
    (row,) = client.get("/api/test/runs").json["operations"]
    assert (row["operation_id"], row["request"]["suite"]) == (operation_id, "basic")


def test_a_test_under_way_is_cancelled(client: FlaskClient, bench: StandInWorkbench) -> None:
    bench.jobs.may_go_on.clear()
    operation_id = client.post("/api/test/run", json={"models": "bert"}).json["operation_id"]
    assert client.get(f"/api/test/results/{operation_id}").status_code == 409
    assert client.post(f"/api/test/cancel/{operation_id}").json["status"] == "cancelling"
    bench.operations.wait(OperationKind.SKILLSET_TEST, operation_id, 5.0)
    assert client.get(f"/api/test/status/{operation_id}").json["status"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "models"),
        ({"models": []}, "models"),
        ({"models": ["brt"]}, "models"),
        ({"models": ["bert"], "suite": "all"}, "suite"),
        ({"models": ["bert"], "timeout_seconds": 0}, "timeout_seconds"),
        ({"models": ["bert"], "timeout": 5}, "timeout"),
    ],
)
def test_a_bad_value_is_refused_by_name(client: FlaskClient, body: dict[str, object], field: str) -> None:
    answer = client.post("/api/test/run", json=body)
    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert client.get("/api/test/runs").json["operations"] == []


def test_suites_say_what_they_ask(client: FlaskClient) -> None:
    suites = {suite["suite"]: suite for suite in client.get("/api/test/types").json["suites"]}
    assert set(suites) == {"basic", "comprehensive", "fault_tolerance"}
    assert [check["name"] for check in suites["basic"]["checks"]] == ["import", "construct", "forward", "finite"]
    assert all(check["title"] and check["meaning"] for suite in suites.values() for check in suite["checks"])
