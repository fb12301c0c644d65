"""What Prometheus reads: the real state, under bounded labels."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import psutil
import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from simple_websocket import Client

from app.request_meter import RequestMeter
from engine.domain.case import Workload
from engine.domain.operation import OperationKind
from engine.domain.result import FailureKind
from engine.domain.run import RunStatus
from engine.errors import StorageError
from engine.storage import results
from tests.app.stand_in import StandInWorkbench
from tests.builders import a_case, a_failed_result, a_plan, a_request, a_result

Read = Callable[..., float | None]


@pytest.fixture
def read(client: FlaskClient) -> Read:
    """One sample of a scrape, by its name and labels; None where there is none."""

    def value_of(name: str, **labels: str) -> float | None:
        answer = client.get("/metrics")
        assert answer.status_code == 200, answer.text
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                if (sample.name, sample.labels) == (name, labels):
                    return sample.value
        return None

    return value_of


def test_it_is_the_text_format_and_is_never_kept(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"
    newer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert newer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert newer.text.endswith("# EOF\n")


def test_runs_count_as_the_server_holds_them_and_as_they_are_stored(bench: StandInWorkbench, read: Read) -> None:
    waiting, planned = (bench.supervisor.submit(a_request()).run_id for _ in range(2))
    bench.supervisor.live[waiting].set_status(RunStatus.QUEUED)
    bench.supervisor.end(planned, RunStatus.FAILED)
    assert read("modeldyno_runs_live", status="queued") == read("modeldyno_queue_length") == 1
    assert read("modeldyno_runs_live", status="initializing") == 0
    assert read("modeldyno_runs_stored", status="failed") == 1
    assert read("modeldyno_runs_stored", status="completed") == 0, "a status that no run has reads nought"


def test_results_are_counted_anew_after_each_write(bench: StandInWorkbench, read: Read) -> None:
    def save(result: object) -> None:
        bench.database.write(lambda cursor: results.save(cursor, result))

    assert read("modeldyno_results", status="completed", provenance="measured") is None
    save(a_result(started_at=bench.opened_at, duration_seconds=0.2))
    assert read("modeldyno_results", status="completed", provenance="measured") == 1
    save(a_failed_result(a_case("vit"), FailureKind.TIMEOUT, started_at=bench.opened_at, duration_seconds=400.0))
    save(a_result(a_case("gpt2", workload=Workload.STARTUP), duration_seconds=3.0))
    assert read("modeldyno_results", status="completed", provenance="measured") == 2
    assert read("modeldyno_failures", status="failed", kind="timeout") == 1
    assert read("modeldyno_case_duration_seconds_bucket", status="completed", le="0.1") == 0
    assert read("modeldyno_case_duration_seconds_bucket", status="completed", le="0.25") == 1
    assert read("modeldyno_case_duration_seconds_count", status="completed") == 1, "the third is from before the start"
    assert read("modeldyno_case_duration_seconds_sum", status="failed") == 400.0


def test_requests_are_counted_by_route_whatever_the_path_and_method(client: FlaskClient, read: Read) -> None:
    def counted(route: str, status: str, method: str = "GET") -> float:
        return read("modeldyno_http_requests_total", method=method, route=route, status=status) or 0

    def lasted(route: str) -> float:
        return read("modeldyno_http_request_duration_seconds_count", method="GET", route=route) or 0

    one_run, page = "/api/benchmark/status/<run_id>", "/<path:path>"
    before = counted(one_run, "404"), counted(page, "404"), lasted(one_run), counted("other", "404", "other")
    for number in range(5):
        client.get(f"/api/benchmark/status/nobody-{number}")
        client.get(f"/nowhere/{number}")
    client.open("/nowhere/at/all", method="BREW")
    after = counted(one_run, "404"), counted(page, "404"), lasted(one_run), counted("other", "404", "other")
    assert [later - earlier for later, earlier in zip(after[:3], before[:3], strict=True)] == [5, 5, 5]
    scrape = client.get("/metrics").text
    assert "nobody-" not in scrape and "/nowhere" not in scrape and "BREW" not in scrape


def test_an_open_socket_is_counted_until_it_closes(address: str, bench: StandInWorkbench, read: Read) -> None:
    run_id = bench.supervisor.submit(a_request()).run_id
    bench.supervisor.live[run_id].set_plan(a_plan(), ())
    assert (read("modeldyno_websockets_open"), read("modeldyno_websockets_limit")) == (0, 3)
    route = {"method": "GET", "route": "/api/benchmark/ws/<run_id>"}
    before = read("modeldyno_http_requests_total", status="101", **route) or 0
    with closing(Client(f"ws://{address}/api/benchmark/ws/{run_id}")) as socket:
        socket.receive(timeout=5)
        assert read("modeldyno_websockets_open") == 1
    deadline = time.monotonic() + 5
    while read("modeldyno_websockets_open") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert read("modeldyno_websockets_open") == 0
    while read("modeldyno_http_requests_total", status="101", **route) != before + 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert read("modeldyno_http_request_duration_seconds_count", **route) is None


def test_a_socket_that_is_refused_counts_as_what_it_was_answered(client: FlaskClient, read: Read) -> None:
    asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": "https://elsewhere.example"}
    route = {"method": "GET", "route": "/api/benchmark/ws/<run_id>"}

    def counted() -> list[float]:
        return [read("modeldyno_http_requests_total", status=status, **route) or 0 for status in ("403", "101")]

    before = counted()
    assert client.get("/api/benchmark/ws/1", headers=asked).status_code == 403
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 0]


def test_the_process_and_its_files_are_those_that_serve(bench: StandInWorkbench, read: Read) -> None:
    me = psutil.Process()
    assert read("process_start_time_seconds") == pytest.approx(me.create_time())
    assert read("process_threads") == pytest.approx(me.num_threads(), abs=3)
    assert 2**24 < (read("process_resident_memory_bytes") or 0) < 2**36
    assert (read("process_open_fds") or 0) > 5
    assert read("modeldyno_database_bytes", part="file") == bench.database.path.stat().st_size


def test_each_application_counts_for_itself() -> None:
    one, other = Flask("one"), Flask("other")
    for bare in (one, other):
        RequestMeter(bare.extensions.setdefault("figures", CollectorRegistry())).watch(bare)
        bare.add_url_rule("/asked", view_func=lambda: "yes")
    one.test_client().get("/asked")
    labels = {"method": "GET", "route": "/asked", "status": "200"}
    counted = [
        bare.extensions["figures"].get_sample_value("modeldyno_http_requests_total", labels) for bare in (one, other)
    ]
    assert counted == [1, None]
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("modeldyno")]


def test_a_database_that_cannot_be_read_leaves_the_rest_readable(bench: StandInWorkbench, read: Read) -> None:
    class Unreadable:
        version, writes, snapshots = 7, -1, bench.database.snapshots

        def cursor(self) -> None:
            raise StorageError("It is gone.")

        def sizes(self) -> dict[str, int]:
            return {}

    bench.database, kept = Unreadable(), bench.database  # type: ignore[assignment]
    try:
        assert read("modeldyno_database_readable") == 0
        assert read("modeldyno_runs_stored", status="completed") is None
        assert read("process_threads") is not None
    finally:
        bench.database = kept


def test_operations_under_way_are_counted_by_kind(bench: StandInWorkbench, read: Read) -> None:
    assert read("modeldyno_operations_live", kind="generation", status="running") == 0
    bench.jobs.may_go_on.clear()
    first = bench.operations.submit(OperationKind.GENERATION, {"models": ["bert"]})
    bench.operations.submit(OperationKind.GENERATION, {"models": ["gpt2"]})
    deadline = time.monotonic() + 5
    while read("modeldyno_operations_live", kind="generation", status="running") != 1:
        assert time.monotonic() < deadline
    assert read("modeldyno_operations_live", kind="generation", status="queued") == 1
    bench.jobs.may_go_on.set()
    bench.operations.wait(OperationKind.GENERATION, first.operation_id, 5.0)
