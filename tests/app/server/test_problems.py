from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.problems import STATUS_OF, status_of
from engine import errors
from tests.app.stand_in import StandInSupervisor, StandInWorkbench


def every_error_class() -> list[type[errors.EngineError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.EngineError) and kind is not errors.EngineError
    ]


@pytest.mark.parametrize("kind", every_error_class())
def test_every_error_has_a_status_of_its_own_or_of_its_base(kind: type[errors.EngineError]) -> None:
    instance = kind.__new__(kind)
    assert status_of(instance) in STATUS_OF.values()


def test_a_locked_database_is_a_service_that_is_unavailable() -> None:
    assert status_of(errors.DatabaseLocked("held")) == 503
    assert status_of(errors.DiskFull("full")) == 507


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nope", "/api/benchmark", "/api/benchmark/status", "/api//benchmark/runs"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_paths_below_api_are_not_found(client: FlaskClient, path: str, method: str) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/api/benchmark/run", "POST"), ("DELETE", "/api/benchmark/runs", "GET, HEAD")],
)
def test_a_wrong_method_names_the_right_ones(client: FlaskClient, method: str, path: str, allowed: str) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert answer.headers["Allow"] == allowed


def test_a_plain_question_to_a_socket_is_told_what_lives_there(client: FlaskClient) -> None:
    answer = client.get("/api/benchmark/ws/1")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert "is a WebSocket: connect with ws://" in answer.json["detail"]


class _Broken(StandInSupervisor):
    def active(self) -> list[object]:  # type: ignore[override]
        raise RuntimeError("a secret of the inside")

    def progress(self, run_id: str) -> object:  # type: ignore[override]
        raise errors.DiskFull(f"No room for {run_id}.")


def test_a_fault_of_ours_is_a_problem_without_its_inside(client: FlaskClient, bench: StandInWorkbench) -> None:
    bench.supervisor = _Broken(bench)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "secret" not in answer.text


def test_an_engine_error_is_told_in_its_own_words(client: FlaskClient, bench: StandInWorkbench) -> None:
    bench.supervisor = _Broken(bench)
    answer = client.get("/api/benchmark/status/7")
    assert answer.status_code == 507
    assert answer.json == {
        "type": "about:blank",
        "title": "Disk full",
        "status": 507,
        "detail": "No room for 7.",
        "instance": "/api/benchmark/status/7",
    }
