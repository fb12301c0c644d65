"""Requests with an Idempotency-Key: sent again, they start nothing a second time."""

from __future__ import annotations

import threading

import pytest
from duckdb import DuckDBPyConnection
from flask import Flask
from flask.testing import FlaskClient

from engine.domain.api_key import Role
from engine.errors import DiskFull
from engine.storage import repeated_requests
from engine.storage.repeated_requests import AnsweredRequest
from tests.app.stand_in import StandInWorkbench

_keep = repeated_requests.keep
RUN = {"models": ["bert"]}


class Died(BaseException):
    """Stands for the end of the process, which no handler of errors sees."""


def post(client: FlaskClient, key: str, path: str = "/api/benchmark/run", **body: object):
    return client.post(path, json=RUN | body, headers={"Idempotency-Key": key})


def _has_no_room_for_an_answer(cursor: DuckDBPyConnection, key: str, answered: AnsweredRequest) -> None:
    if answered.is_answered:
        raise DiskFull("No room to write.")
    _keep(cursor, key, answered)


def _dies_with_an_answer(cursor: DuckDBPyConnection, key: str, answered: AnsweredRequest) -> None:
    if answered.is_answered:
        raise Died
    _keep(cursor, key, answered)


def runs_of(client: FlaskClient) -> int:
    return len(client.get("/api/benchmark/runs").json["runs"])


def test_a_repeated_request_is_answered_as_before(client: FlaskClient) -> None:
    first, second = post(client, "one"), post(client, "one")
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json == first.json
    assert second.headers["Location"] == first.headers["Location"]
    assert (first.headers.get("Idempotent-Replayed"), second.headers.get("Idempotent-Replayed")) == (None, "true")
    assert runs_of(client) == 1


def test_another_key_or_none_starts_another_run(client: FlaskClient) -> None:
    post(client, "one")
    post(client, "two")
    client.post("/api/benchmark/run", json=RUN)
    client.post("/api/benchmark/run", json=RUN)
    assert runs_of(client) == 4


@pytest.mark.parametrize("other", [{"body": {"runs": 5}}, {"path": "/api/generator/batch"}])
def test_a_key_stands_for_one_request_alone(client: FlaskClient, other: dict) -> None:
    post(client, "one")
    answer = post(client, "one", other.get("path", "/api/benchmark/run"), **other.get("body", {}))
    assert (answer.status_code, answer.json["field"]) == (422, "Idempotency-Key")
    assert runs_of(client) == 1
    assert client.get("/api/generator/runs").json["operations"] == []


def test_a_refused_request_may_be_mended_under_its_key(client: FlaskClient) -> None:
    assert post(client, "one", models=["brt"]).status_code == 422
    assert post(client, "one").status_code == 202


@pytest.mark.parametrize("key", ["", " ", "with blank", "x" * 201, "ümlaut"])
def test_a_key_that_is_none_is_refused(client: FlaskClient, key: str) -> None:
    assert post(client, key).status_code == 422
    assert runs_of(client) == 0


def test_what_two_people_call_by_one_key_are_two_requests(locked: Flask, bench: StandInWorkbench) -> None:
    answers = []
    for name in ("alice", "bob"):
        secret = bench.keys.create(name, Role.OPERATOR).secret
        headers = {"Idempotency-Key": "one", "Authorization": f"Bearer {secret}"}
        answers += [locked.test_client().post("/api/benchmark/run", json=RUN, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202] * 4
    first, again, other, other_again = (answer.json["run_id"] for answer in answers)
    assert (first == again, other == other_again, first == other) == (True, True, False)


def test_keys_outlive_the_application_of_the_database(client: FlaskClient, bench: StandInWorkbench, app: Flask) -> None:
    first = post(client, "one")
    app.extensions.pop("modeldyno-repeatable", None)
    assert post(client, "one").json == first.json


def test_many_at_once_start_one(app: Flask, client: FlaskClient) -> None:
    answers: list[int] = []
    gate = threading.Barrier(8)

    def ask() -> None:
        own = app.test_client()
        gate.wait(5)
        answers.append(post(own, "one").status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(answers) == 8 and set(answers) <= {202, 409} and 202 in answers
    assert runs_of(client) == 1


def test_one_that_the_server_never_answered_starts_nothing_a_second_time(
    client: FlaskClient, bench: StandInWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where it is killed once the run has been started."""
    with monkeypatch.context() as dying:
        dying.setattr(repeated_requests, "keep", _dies_with_an_answer)
        with pytest.raises(Died):
            post(client, "one")
    assert runs_of(client) == 1
    answer = post(client, "one")
    assert (answer.status_code, answer.json["title"]) == (409, "Not possible in the present state")
    assert "cannot tell whether anything was started" in answer.json["detail"]
    assert "Retry-After" not in answer.headers, "it would be told the same again"
    assert runs_of(client) == 1
    assert post(client, "two").status_code == 202


def test_what_was_started_is_answered_although_the_answer_cannot_be_kept(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(repeated_requests, "keep", _has_no_room_for_an_answer)
        first = post(client, "one")
    assert (first.status_code, runs_of(client)) == (202, 1)
    assert client.get(first.headers["Location"]).json["run_id"] == first.json["run_id"]
    again = post(client, "one")
    assert again.status_code == 409 and "was not kept" in again.json["detail"]
    assert runs_of(client) == 1


def test_why_a_request_was_refused_is_said_although_its_key_cannot_be_forgotten(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(cursor: DuckDBPyConnection, key: str) -> None:
        raise DiskFull("No room to write.")

    monkeypatch.setattr(repeated_requests, "forget", no_room)
    answer = post(client, "one", models=["brt"])
    assert (answer.status_code, answer.json["nearest"]) == (422, ["bert"])
