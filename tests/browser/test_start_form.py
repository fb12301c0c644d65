"""What an address puts into the start form is what would be measured, whatever was typed before."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from engine.backends.environment import detect_environment
from engine.config import Settings
from engine.domain.model import Size
from engine.domain.run import Protocol, RunStatus, SizeChoice
from engine.storage import environments, results, runs
from engine.storage.database import Database
from tests.browser.conftest import serving
from tests.builders import a_case, a_failed_result, a_plan, a_request

pytestmark = pytest.mark.browser

PLAN_MILLISECONDS = 60_000
ADDRESS = "/live-runs?models=bert&size=tiny&batch_sizes=1"


@pytest.fixture(scope="module")
def failed_server() -> Iterator[str]:
    """Where a dashboard listens whose only run failed: a case of unusual length, threads and processes."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-") as home:
        database = Database.open(Settings.load(home=Path(home)).db_path)
        try:
            database.write(_save_failed_run)
        finally:
            database.close()
        with serving(Path(home)) as address:
            yield address


def _save_failed_run(cursor: DuckDBPyConnection) -> None:
    here = detect_environment().environment_id
    environments.save(cursor, detect_environment())
    request = a_request(
        size=SizeChoice.TINY, sequence_length=33, threads=2, incremental=True, protocol=Protocol(processes=2)
    )
    case = a_case(size=Size.TINY, sequence_length=33, threads=2)
    run = runs.create(cursor, request, here)
    runs.save_plan(cursor, run.run_id, a_plan(case))
    runs.set_status(cursor, run.run_id, RunStatus.RUNNING, at=datetime.now(UTC))
    results.save(cursor, a_failed_result(case, run_id=run.run_id, environment_id=here))
    runs.set_status(cursor, run.run_id, RunStatus.COMPLETED, at=datetime.now(UTC))


def _plan(page: Page, words: str) -> None:
    expect(page.locator("#plan-preview")).to_contain_text(re.compile(words), timeout=PLAN_MILLISECONDS)


def _type(page: Page, field: str, text: str) -> None:
    """Until the browser has taken note of it."""
    page.locator(".run-form-more summary").click()
    page.locator(field).fill(text)
    page.wait_for_function("text => Object.values(sessionStorage).some(kept => kept.includes(text))", arg=f'"{text}"')


def test_an_address_wins_over_what_was_typed_before(page: Page, failed_server: str, complaints: list[str]) -> None:
    page.goto(failed_server + ADDRESS)
    _plan(page, "1 case, which runs")
    page.locator("#form-batch-sizes").fill("64, 65")
    _plan(page, "2 cases, all of which run")
    page.goto(failed_server + "/live-runs?run=1")
    page.goto(failed_server + ADDRESS)
    expect(page.locator("#form-batch-sizes")).to_have_value("1")
    _plan(page, "1 case, which runs")


def test_what_was_typed_stays_where_no_address_names_another(
    page: Page, failed_server: str, complaints: list[str]
) -> None:
    page.goto(failed_server + "/live-runs")
    _type(page, "#form-threads", "7")
    page.locator("a.tab-link[href='/reports']").click()
    page.locator("a.tab-link[href='/live-runs']").click()
    expect(page.locator("#form-threads")).to_have_value("7")
    page.goto(failed_server + ADDRESS)
    _plan(page, "1 case, which runs")
    expect(page.locator("#form-threads")).to_have_value("")
    page.goto(failed_server + "/live-runs")
    expect(page.locator("#form-threads")).to_have_value("7")


def test_an_address_with_a_misspelt_model_starts_nothing_else(
    page: Page, failed_server: str, complaints: list[str]
) -> None:
    page.goto(failed_server + "/live-runs?models=bertt&workloads=inferenc&size=tiny")
    _plan(page, "Unknown workload 'inferenc'. Did you mean inference")
    page.goto(failed_server + "/live-runs?models=bertt&size=tiny")
    _plan(page, "Unknown model type 'bertt'. Did you mean bert")
    expect(page.locator("#form-models")).to_contain_text("bertt")
    expect(page.locator("#start-run")).to_be_disabled()
    expect(page.locator("#copy-command button")).to_be_disabled()


def test_a_form_that_cannot_run_stays_shut_whatever_ends_last(page: Page, failed_server: str) -> None:
    """The callback of the button also runs, to no end, when the page is built; on a busy server it ends late."""
    late: list[Route] = []

    def hold(route: Route) -> None:
        if "start-message.children" in (route.request.post_data or ""):
            late.append(route)
        else:
            route.continue_()

    page.route(re.compile("_dash-update-component"), hold)
    page.goto(failed_server + "/live-runs?models=bertt&size=tiny")
    _plan(page, "Unknown model type 'bertt'")
    deadline = time.monotonic() + 10
    while not late and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    with page.expect_response(lambda answer: "start-message.children" in (answer.request.post_data or "")):
        late[0].continue_()
    page.wait_for_timeout(500)
    expect(page.locator("#start-run")).to_be_disabled()


def test_trying_again_asks_for_the_case_that_failed(page: Page, failed_server: str, complaints: list[str]) -> None:
    page.goto(failed_server + "/live-runs")
    _type(page, "#form-batch-sizes", "64")
    expect(page.locator("#run-sentence")).to_contain_text("1 of 1 case failed")
    expect(page.locator("#run-mark .status-failed")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    _plan(page, "1 case, which runs")
    fields = {"batch-sizes": "1", "sequence-length": "33", "threads": "2", "processes": "2"}
    for name, value in fields.items():
        expect(page.locator(f"#form-{name}")).to_have_value(value)
    expect(page.locator("#form-switches").get_by_label("Only what is missing")).not_to_be_checked()
    command = page.locator("#copy-command button").get_attribute("data-copy") or ""
    assert "--size tiny --sequence-length 33 --threads 2 --processes 2" in command
    assert "--incremental" not in command


@pytest.mark.parametrize(("code", "asks_again"), [(1013, True), (1000, False)])
def test_a_socket_is_asked_for_again_only_when_a_place_may_come_free(
    page: Page, failed_server: str, complaints: list[str], code: int, asks_again: bool
) -> None:
    opened: list[str] = []

    def refuse(socket: WebSocketRoute) -> None:
        opened.append(socket.url)
        socket.send('{"error": "40 sockets are open already."}')
        socket.close(code=code, reason="no place")

    page.route_web_socket(re.compile("/api/benchmark/ws/"), refuse)
    page.goto(failed_server + "/live-runs")
    page.wait_for_function("window.dash_clientside?.live?.watch")
    page.evaluate("window.dash_clientside.live.watch(['a-run'])")
    page.wait_for_timeout(2_000)
    assert (len(opened) > 1) is asks_again
    assert opened[0].endswith("/a-run")
