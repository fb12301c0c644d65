"""A day of the server in as many short runs: started, watched, cancelled, resumed, and robbed of their processes.

`python -m benchmarks.endurance [--runs N] [--hours H]`; exit status 1 when a goal was missed. It ends by itself.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from simple_websocket import Client, ConnectionClosed

from benchmarks.figure import Figure, at_most, markdown
from benchmarks.served import LOG, Served, served
from engine.config import Settings
from engine.domain.result import ResultStatus
from engine.domain.run import Run, RunStatus
from engine.storage import results, runs
from engine.storage.database import Database

RUNS = 2_000
HOURS = 24.0
WARM_UP_SHARE = 0.2
"""Of the runs: until then caches fill and threads start."""
MODELS = ("bert", "gpt2", "vit", "distilbert", "resnet")
PAGES = ("/healthz", "/readyz", "/metrics", "/api/benchmark/runs", "/api/benchmark/query?limit=50", "/")
_RUN_SECONDS = 180.0
"""A run that has not ended by then is stuck."""
_AT_REST_SECONDS = 20.0
_CASE_SECONDS = 2.0
"""How long to wait for the process of an execution that has begun."""
_LOOK_SECONDS = 0.05
_MIB = 2**20


@dataclass(slots=True)
class Story:
    """What was done to one run, and how it ended."""

    run_id: str
    deed: str
    expected: tuple[str, ...] = (RunStatus.COMPLETED.value,)
    """Final statuses that are right after what was done."""
    kills: int = 0
    """Case processes that were killed while it ran."""
    ended: dict[str, Any] = field(default_factory=dict)
    """The last status document."""
    heard: str | None = None
    """The last status that its WebSocket told; None where nobody listened to the end."""

    @property
    def fault(self) -> str | None:
        status, cases = self.ended.get("status"), self.ended.get("cases", {})
        if status not in self.expected:
            return f"{self.deed}: ended as {status}, not {' or '.join(self.expected)}"
        if cases["failed"] > self.kills:
            return f"{self.deed}: {cases['failed']} cases failed, {self.kills} processes were killed"
        if status == RunStatus.COMPLETED and cases["completed"] + cases["failed"] != cases["total"]:
            return f"{self.deed}: completed with {cases}"
        if self.heard is not None and self.heard != status:
            return f"{self.deed}: its socket last told {self.heard}, it ended as {status}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRest:
    """The serving process while no run is under way."""

    runs: int
    resident_bytes: int
    threads: int
    open_files: int
    processes: int
    """Of all that the server has: parent, serving process, fork servers."""


class Endurance:
    """One server under all of it."""

    def __init__(self, server: Served, *, seed: int) -> None:
        self._server = server
        self._dice = random.Random(seed)
        self._client = httpx.Client(base_url=server.url, timeout=120.0)
        self.stories: list[Story] = []
        self.states: list[AtRest] = []

    def go_through(self, wanted: int, deadline: float) -> None:
        """So many runs, or as many as there is time for; the process is looked at every twentieth part of them."""
        every = max(1, wanted // 20)
        deeds: list[Callable[[Story], None]] = [
            self._leave_alone,
            self._cancel,
            self._cancel_and_resume,
            self._kill_a_case,
            self._kill_the_fork_server,
            self._hang_up,
        ]
        while len(self.stories) < wanted and time.monotonic() < deadline:
            deed = self._dice.choices(deeds, weights=(4, 3, 1, 3, 1, 2))[0]
            story = self._begin(deed.__name__.strip("_").replace("_", " "))
            self._client.get(self._dice.choice(PAGES)).raise_for_status()
            deed(story)
            story.ended = self._wait(story.run_id)
            if len(self.stories) % every == 0:
                self.states.append(self._at_rest())
                print(f"{len(self.stories)} runs: {self.states[-1]}", file=sys.stderr, flush=True)
        self.states.append(self._at_rest())

    def _begin(self, deed: str) -> Story:
        body = {
            "models": [self._dice.choice(MODELS)],
            "size": "tiny",
            "batch_sizes": [1],
            "threads": 1,
            "runs": self._dice.randint(1, 2),
            "warmup": 1,
            "title": deed,
        }
        answer = self._client.post("/api/benchmark/run", json=body).raise_for_status().json()
        story = Story(run_id=answer["run_id"], deed=deed)
        self.stories.append(story)
        return story

    def _leave_alone(self, story: Story) -> None:
        """And listen until it has ended."""
        with closing(self._listen(story.run_id)) as socket:
            for status in _told(socket, time.monotonic() + _RUN_SECONDS):
                story.heard = status
                if RunStatus(status).is_final:
                    return

    def _cancel(self, story: Story) -> None:
        time.sleep(self._dice.uniform(0.0, 3.0))
        answer = self._client.post(f"/api/benchmark/cancel/{story.run_id}")
        if answer.status_code != httpx.codes.CONFLICT:  # it had not ended yet
            answer.raise_for_status()
            # A run whose last execution ended all the same is complete: nothing was left to cancel.
            story.expected = (RunStatus.CANCELLED.value, RunStatus.COMPLETED.value)

    def _cancel_and_resume(self, story: Story) -> None:
        self._cancel(story)
        if self._wait(story.run_id)["status"] == RunStatus.CANCELLED:
            self._client.post(f"/api/benchmark/resume/{story.run_id}").raise_for_status()
            story.expected = (RunStatus.COMPLETED.value,)

    def _kill_a_case(self, story: Story) -> None:
        if self._is_measuring(story):
            deadline = time.monotonic() + _CASE_SECONDS
            while not (cases := _children(self._fork_servers())) and time.monotonic() < deadline:
                time.sleep(_LOOK_SECONDS / 10)
            story.kills += bool(cases) and self._kill(self._dice.choice(cases))

    def _kill_the_fork_server(self, story: Story) -> None:
        """Its case is carried out once more by the next one; where that dies as well, it fails."""
        if self._is_measuring(story) and (servers := self._fork_servers()):
            story.kills += self._kill(self._dice.choice(servers))

    def _hang_up(self, story: Story) -> None:
        """Without a word, after some messages or none."""
        socket = self._listen(story.run_id)
        for _ in range(self._dice.randint(0, 4)):
            with suppress(ConnectionClosed):
                socket.receive(timeout=1.0)
        socket.sock.close()

    def _is_measuring(self, story: Story) -> bool:
        """Once one of its executions is under way, at some moment of it; False where it ends before."""
        deadline = time.monotonic() + _RUN_SECONDS
        while time.monotonic() < deadline:
            status = self._status(story.run_id)
            if RunStatus(status["status"]).is_final:
                return False
            if ", process " in status["current_step"]:
                time.sleep(self._dice.uniform(0.0, 0.4))
                return True
            time.sleep(_LOOK_SECONDS)
        return False

    def _wait(self, run_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + _RUN_SECONDS
        while True:
            status = self._status(run_id)
            if RunStatus(status["status"]).is_final or time.monotonic() > deadline:
                return status
            time.sleep(_LOOK_SECONDS)

    def _status(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get(f"/api/benchmark/status/{run_id}").raise_for_status().json()
        return found

    def _listen(self, run_id: str) -> Client:
        return Client(f"{self._server.url.replace('http', 'ws', 1)}/api/benchmark/ws/{run_id}")

    def _worker(self) -> psutil.Process:
        return next(one for one in self._server.process.children() if "fork_server" not in _command(one))

    def _fork_servers(self) -> list[psutil.Process]:
        return [one for one in self._worker().children() if "fork_server" in _command(one)]

    def _kill(self, process: psutil.Process) -> bool:
        """Whether it was: only what descends from the server that was started here is."""
        with suppress(psutil.NoSuchProcess):
            if self._server.process.pid in {parent.pid for parent in process.parents()}:
                process.kill()
                return True
        return False

    def _at_rest(self) -> AtRest:
        """What a socket or a case leaves behind goes within seconds; the last look counts."""
        deadline = time.monotonic() + _AT_REST_SECONDS
        while True:
            worker = self._worker()
            family = [self._server.process, *self._server.process.children(recursive=True)]
            state = AtRest(
                runs=len(self.stories),
                resident_bytes=worker.memory_info().rss,
                threads=worker.num_threads(),
                open_files=worker.num_fds(),
                processes=len(family),
            )
            is_as_before = not self.states or (
                state.open_files <= self.states[-1].open_files and state.processes <= self.states[-1].processes
            )
            if is_as_before or time.monotonic() > deadline:
                return state
            time.sleep(0.5)


def _told(socket: Client, deadline: float) -> Iterator[str]:
    while time.monotonic() < deadline:
        text = socket.receive(timeout=1.0)
        if text is not None:
            yield json.loads(text)["status"]


def _children(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found += process.children()
    return found


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def stored_faults(database: Database, stories: Sequence[Story]) -> list[str]:
    """Where what is stored differs from what the server said at the end, or is more or less than it should be."""
    faults: list[str] = []
    with database.cursor() as cursor:
        for story in stories:
            run = runs.get(cursor, story.run_id)
            rows = results.of_run(cursor, story.run_id)
            faults += [f"run {run.number} ({story.deed}): {words}" for words in _differences(run, rows, story)]
    return faults


def _differences(run: Run, rows: Sequence[Any], story: Story) -> Iterator[str]:
    told = story.ended["cases"]
    counted = {status.value: sum(row.status is status for row in rows) for status in ResultStatus}
    if run.status != story.ended["status"]:
        yield f"stored as {run.status}, told as {story.ended['status']}"
    if any(counted[name] != told[name] for name in counted):
        yield f"stored {counted}, told {told}"
    if len({(row.case.case_id, row.repetition) for row in rows}) != len(rows):
        yield "an execution counts twice"
    if run.status is RunStatus.COMPLETED and len(rows) != run.total:
        yield f"completed with {len(rows)} of {run.total} results"


def run(wanted: int = RUNS, hours: float = HOURS, seed: int = 20261129) -> list[Figure]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        home = Path(folder) / "home"
        with served(home) as server:
            endurance = Endurance(server, seed=seed)
            worker = endurance._worker().pid
            endurance.go_through(wanted, began + 3600 * hours)
            restarts = int(endurance._worker().pid != worker)
            family = server.process.children(recursive=True)
        left = [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        tracebacks = (home / LOG).read_text(encoding="utf-8").split("Traceback (most recent call last):\n")[1:]
        with closing(Database.open(Settings.load(home=home).db_path)) as database:
            inconsistent = stored_faults(database, endurance.stories)
    wrong = [f"run {number}: {story.fault}" for number, story in enumerate(endurance.stories, 1) if story.fault]
    for line in [*wrong, *inconsistent, *tracebacks]:
        print(line, file=sys.stderr)
    happened = {
        "runs that ended otherwise than what was done to them": len(wrong),
        "runs stored otherwise than told, or twice": len(inconsistent),
        "tracebacks in the server's log": len(tracebacks),
        "restarts of the server": restarts,
        "processes left after the end": len(left),
    }
    return _figures(endurance, happened, seconds=time.monotonic() - began)


def _figures(endurance: Endurance, happened: Mapping[str, int], *, seconds: float) -> list[Figure]:
    """`happened`: how often what should not."""
    count = len(endurance.stories)
    warm = next(state for state in endurance.states if state.runs >= WARM_UP_SHARE * count)
    half = next(state for state in endurance.states if state.runs >= count / 2)
    last = endurance.states[-1]
    kills = sum(story.kills for story in endurance.stories)
    return [
        Figure(name=f"runs, of which {kills} were robbed of a process", values=(count,), unit=""),
        Figure(name="they took", values=(seconds / 60,), unit="min"),
        *(at_most(what, (times,), "", 0) for what, times in happened.items()),
        at_most("processes at rest, more than after the warm-up", (last.processes - warm.processes,), "", 0),
        at_most("threads, more than after the warm-up", (last.threads - warm.threads,), "", 2),
        at_most("open files, more than after the warm-up", (last.open_files - warm.open_files,), "", 2),
        at_most("resident memory over that after the warm-up", (last.resident_bytes / warm.resident_bytes,), "x", 1.1),
        Figure(
            name="the same over that after half of the runs",
            values=(last.resident_bytes / half.resident_bytes,),
            unit="x",
        ),
        Figure(name="resident memory at the end", values=(last.resident_bytes / _MIB,), unit="MiB"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endurance", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how many (default: {RUNS:,})")
    parser.add_argument("--hours", type=float, default=HOURS, help=f"when to end at the latest (default: {HOURS:g})")
    parser.add_argument("--seed", type=int, default=20261129, help="of the dice that choose what is done to a run")
    given = parser.parse_args()
    figures = run(given.runs, given.hours, given.seed)
    print(markdown(figures))
    return int(any(figure.is_reached is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
