"""The SQL console under attack: whether anything gets out, and whether others notice."""

from __future__ import annotations

import json
import os
import queue
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from app import ids
from benchmarks.figure import Figure, at_most, share
from benchmarks.served import Served, served
from benchmarks.sql_statements import ATTACKS, CANARY, LOOT, SLOW, Attack
from engine.config import Settings
from engine.storage import results
from engine.storage.database import Database
from tests.builders import a_case, a_result

ATTACKERS = 4
"""Each from an address of its own, so that each is a client of its own."""
PAGES = ("/healthz", "/api/benchmark/runs", "/api/benchmark/query?limit=20", "/", "/metrics")
"""What others ask meanwhile."""
HONEST = "select model_type, count(*) from results group by all order by all"
SLOW_ONES = 10
_TIMEOUT_SECONDS = 60.0
_TRIES = 60
_MIB = 2**20
_REFUSALS = ("Query refused", "Query failed", "Too many queries")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    text: str
    """All that the server said."""
    status: int
    has_rows: bool

    @property
    def is_too_busy(self) -> bool:
        return "Too many queries" in self.text


def ask(client: httpx.Client, sql: Any) -> Answer:
    """Put a question to the console as the Reports page does; another way of asking needs another body of this."""
    outputs = [
        (ids.SQL_ANSWER, "children"),
        (ids.SQL_ANSWER, "className"),
        (ids.SQL_OUTCOME, "children"),
        (ids.SQL_CSV, "disabled"),
    ]
    body = {
        "output": f"..{'...'.join(f'{name}.{prop}' for name, prop in outputs)}..",
        "outputs": [{"id": name, "property": prop} for name, prop in outputs],
        "inputs": [{"id": ids.SQL_RUN, "property": "n_clicks", "value": 1}],
        "state": [{"id": ids.SQL_EDITOR, "property": "value", "value": sql}],
        "changedPropIds": [f"{ids.SQL_RUN}.n_clicks"],
    }
    text = json.dumps(body)  # all ASCII: httpx's own would stumble over half a surrogate pair, which is an attack
    found = client.post("/_dash-update-component", content=text, headers={"Content-Type": "application/json"})
    return Answer(text=found.text, status=found.status_code, has_rows=found.is_success and '"rowData"' in found.text)


@dataclass(slots=True)
class Siege:
    """What an attack may not touch, and what came of it."""

    home: Path
    loot: Path
    canary: Path
    token: str
    """The content of the canary, and the value of an environment variable of the server."""
    escapes: list[str] = field(default_factory=list)
    dishonest: list[str] = field(default_factory=list)
    """Answers that are neither rows nor one of the console's own refusals."""
    done: int = 0

    def statement(self, attack: Attack) -> Any:
        if not isinstance(attack.sql, str):
            return attack.sql
        return attack.sql.replace(CANARY, str(self.canary)).replace(LOOT, str(self.loot))

    def judge(self, attack: Attack, answer: Answer) -> None:
        """An escape is a secret or a path in the answer, a file where none may be, or rows of what has none to give."""
        self.done += 1
        named = f"{attack.aim}: {str(attack.sql)[:80]!r}"
        leaks = {"a secret": self.token, "a password file": "root:x:0", "the home folder": self.home.name}
        found = [what for what, text in leaks.items() if text in answer.text]
        if answer.has_rows and not attack.may_answer:
            found.append("rows")
        if any(self.loot.iterdir()):
            found.append("a file")
        if found:
            self.escapes.append(f"{named} gave {' and '.join(found)}: {answer.text[:300]}")
        if not answer.has_rows and not any(words in answer.text for words in _REFUSALS):
            self.dishonest.append(f"{named} was answered with {answer.status}: {answer.text[:300]}")


def run() -> list[Figure]:
    """Two to five minutes, of which most is waiting for statements that are stopped after ten seconds."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        siege = _lay_out(Path(folder))
        with _environment(MODELDYNO_CANARY=siege.token), served(siege.home) as server:
            before = _state(server)
            growth, waits, honest = _besiege(server, siege)
            served_while_slow, slow_waits = _beside_slow_ones(server)
            left = [
                one for one in server.process.children(recursive=True) if "sandbox_child" in " ".join(one.cmdline())
            ]
            after = _state(server)
            changed = [what for what in before if before[what] != after[what]]
    for line in [*siege.escapes, *siege.dishonest, *changed]:
        print(line, file=sys.stderr)
    escapes = len(siege.escapes) + len([what for what in changed if what != "worker"])
    return [
        at_most(f"escapes, of {siege.done} statements", (escapes,), "", 0),
        at_most("answers that were neither rows nor a refusal in words", (len(siege.dishonest),), "", 0),
        at_most("restarts of the server", (int("worker" in changed),), "", 0),
        at_most("query processes left behind", (len(left),), "", 0),
        at_most("growth of the server, resident", (growth,), "MiB", 50),
        at_most(f"other requests meanwhile ({len(waits):,}), 95th percentile", (_percentile(waits, 0.95),), "s", 0.5),
        Figure(name="an honest question meanwhile", values=tuple(honest), unit="s"),
        share(
            f"honest questions answered while another client sends {SLOW_ONES} slow ones",
            served_while_slow,
            at_least=1.0,
        ),
        Figure(name="how long these took", values=tuple(slow_waits), unit="s"),
    ]


def _lay_out(folder: Path) -> Siege:
    token = secrets.token_hex(16)
    home, loot, canary = folder / f"home-{secrets.token_hex(8)}", folder / "loot", folder / "canary.csv"
    loot.mkdir()
    canary.write_text(f"secret\n{token}\n")
    home.mkdir()
    database = Database.open(Settings.load(home=home).db_path)
    stored = [a_result(a_case(name)) for name in ("bert", "gpt2", "vit", "t5")]
    database.write(lambda cursor: [results.save(cursor, result) for result in stored])
    database.close()
    return Siege(home=home, loot=loot, canary=canary, token=token)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _state(server: Served) -> dict[str, Any]:
    """What no statement may change: the data, and the process that serves."""
    return {
        "results": server.get("/api/benchmark/query?limit=1000")["results"],
        "runs": server.get("/api/benchmark/runs")["runs"],
        "worker": _worker(server).pid,
    }


def _worker(server: Served) -> psutil.Process:
    return next(one for one in server.process.children() if "-m app" in " ".join(one.cmdline()))


def _besiege(server: Served, siege: Siege) -> tuple[float, list[float], list[float]]:
    """Resident growth in MiB, seconds of others' requests, and seconds of honest questions."""
    attacks: queue.SimpleQueue[Attack] = queue.SimpleQueue()
    for attack in ATTACKS:
        attacks.put(attack)
    over, judging = threading.Event(), threading.Lock()
    waits: list[float] = []
    honest: list[float] = []
    with _client(server, 0) as first:  # what the first question costs for ever is not the attackers' doing
        ask(first, HONEST)
        for page in PAGES:
            first.get(page)
    resident = _worker(server).memory_info().rss

    def attack(number: int) -> None:
        with _client(server, number) as client:
            while not attacks.empty():
                try:
                    chosen = attacks.get_nowait()
                except queue.Empty:
                    return
                answer = _insist(client, siege.statement(chosen))
                with judging:
                    siege.judge(chosen, answer)

    def watch() -> None:
        with _client(server, ATTACKERS + 1) as client:
            while not over.wait(0.02):
                for page in PAGES:
                    began = time.perf_counter()
                    client.get(page).raise_for_status()
                    waits.append(time.perf_counter() - began)
                began = time.perf_counter()
                if not ask(client, HONEST).is_too_busy:
                    honest.append(time.perf_counter() - began)

    with ThreadPoolExecutor(ATTACKERS + 1) as pool:
        watching = pool.submit(watch)
        attacking = [pool.submit(attack, number) for number in range(1, ATTACKERS + 1)]
        try:
            for one in attacking:
                one.result()
        finally:
            over.set()
        watching.result()
    return (_worker(server).memory_info().rss - resident) / _MIB, waits, honest


def _insist(client: httpx.Client, sql: Any) -> Answer:
    """The answer once the question found a place."""
    for _ in range(_TRIES):
        answer = ask(client, sql)
        if not answer.is_too_busy:
            return answer
    return answer


def _beside_slow_ones(server: Served) -> tuple[list[bool], list[float]]:
    """Whether each of some honest questions was answered, and after how many seconds."""
    slow = [threading.Thread(target=_ask_once, args=(server, 1, SLOW)) for _ in range(SLOW_ONES)]
    for thread in slow:
        thread.start()
    time.sleep(0.5)
    answered, seconds = [], []
    with _client(server, 0) as client:
        for _ in range(SLOW_ONES):
            began = time.perf_counter()
            answered.append(ask(client, HONEST).has_rows)
            seconds.append(time.perf_counter() - began)
    for thread in slow:
        thread.join()
    return answered, seconds


def _ask_once(server: Served, number: int, sql: str) -> None:
    with _client(server, number) as client:
        ask(client, sql)


def _client(server: Served, number: int) -> httpx.Client:
    """One of several, each with a loopback address of its own where the system has more than one."""
    address = f"127.0.0.{1 + number}" if sys.platform == "linux" else "127.0.0.1"
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=server.url, transport=transport, timeout=_TIMEOUT_SECONDS)


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
