"""A real server over real processes is told to stop, or killed, in the middle of a run; nothing is measured twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.serve import listen
from engine.config import CHECKOUT, Settings
from engine.domain.result import ResultStatus
from engine.storage import results
from engine.storage.database import Database

PATIENCE = 120.0
"""Starting includes importing torch, and other tests may hold the processor meanwhile."""
PROCESSES = 4
REQUEST = {"models": ["bert"], "size": "tiny", "batch_sizes": [1], "threads": 1, "runs": PROCESSES, "warmup": 1200}
"""Executions of a second or two each: long enough to be met in the middle of one."""


class Server:
    """`python -m app` on a free port."""

    def __init__(self, settings: Settings, *options: str) -> None:
        words = ["--home", str(settings.home), "--port", "0", *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", *words],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.url = line.split(" is at ", 1)[1].split(" ", 1)[0]
        self.port = int(self.url.rpartition(":")[2])

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=PATIENCE)

    def post(self, path: str, body: object = None) -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=PATIENCE)

    def status(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/benchmark/status/{run_id}").raise_for_status().json()
        return found

    def in_an_execution(self, run_id: str, *, completed: int) -> bool:
        """Whether so many have ended and the next one is under way."""
        status = self.status(run_id)
        return status["cases"]["completed"] == completed and f"process {completed + 1} of" in status["current_step"]

    def everything(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def ended(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


@pytest.fixture
def serve(settings: Settings) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*options: str) -> Server:
        started.append(Server(settings, *options))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.wait()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.05)


def runs_no_more(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def executions(db_path: Path, run_id: str) -> Counter[tuple[str, int]]:
    """How many rows each execution has; the database is nobody's at the time."""
    with closing(Database.open(db_path)) as database, database.cursor() as cursor:
        stored = results.of_run(cursor, run_id)
        assert {row.status for row in stored} <= {ResultStatus.COMPLETED}
        rows = cursor.execute("select case_id, repetition from result where run_id = $id", {"id": run_id}).fetchall()
    return Counter(rows)


def test_a_run_outlives_a_server_that_finishes_and_one_that_is_killed(
    serve: Callable[..., Server], settings: Settings
) -> None:
    first = serve("--on-stop", "finish", "--stop-seconds", str(PATIENCE))
    run_id = first.post("/api/benchmark/run", REQUEST).raise_for_status().json()["run_id"]
    until(lambda: first.in_an_execution(run_id, completed=1))
    first.process.send_signal(signal.SIGTERM)
    until(lambda: first.get("/readyz").status_code == 503)
    refused = first.post("/api/benchmark/run", REQUEST)
    assert (refused.status_code, refused.json()["title"]) == (503, "The program is ending")
    assert first.status(run_id)["status"] == "running", "what is under way is let finish"
    assert first.ended() == (0, "")
    assert sum(executions(settings.db_path, run_id).values()) == 2, "the one under way was stored, and none begun"

    second = serve()
    assert second.status(run_id)["status"] == "interrupted"
    second.post(f"/api/benchmark/resume/{run_id}").raise_for_status()
    until(lambda: second.in_an_execution(run_id, completed=2))
    until(lambda: len(second.everything()) >= 4)  # parent, worker, fork server and case
    everything = second.everything()
    second.process.kill()
    until(lambda: all(map(runs_no_more, everything)))
    listen("127.0.0.1", second.port).close()
    assert sum(executions(settings.db_path, run_id).values()) == 2, "what was killed left no row"

    third = serve()
    assert third.status(run_id)["status"] == "interrupted"
    third.post(f"/api/benchmark/resume/{run_id}").raise_for_status()
    until(lambda: third.status(run_id)["status"] == "completed")
    third.process.send_signal(signal.SIGTERM)
    assert third.ended() == (0, "")
    found = executions(settings.db_path, run_id)
    assert (len(found), set(found.values())) == (PROCESSES, {1}), "each planned execution has exactly one result"


def test_a_second_signal_interrupts_at_once(serve: Callable[..., Server], settings: Settings) -> None:
    server = serve("--on-stop", "finish", "--stop-seconds", "3600")
    body = {**REQUEST, "warmup": 10_000}
    run_id = server.post("/api/benchmark/run", body).raise_for_status().json()["run_id"]
    until(lambda: server.in_an_execution(run_id, completed=0))
    until(lambda: len(server.everything()) >= 4)
    everything = server.everything()
    server.process.send_signal(signal.SIGINT)
    until(lambda: server.get("/readyz").status_code == 503)
    time.sleep(1.0)
    assert server.status(run_id)["status"] == "running", "one signal is patient"
    began = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    assert server.ended() == (0, "")
    assert time.monotonic() - began < 10.0
    until(lambda: all(map(runs_no_more, everything)))
    assert not executions(settings.db_path, run_id)
