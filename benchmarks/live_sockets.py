"""A hundred clients on one operation of about a thousand changes, at a real server: who hears its end, how late changes
arrive, and how fast the server answers others meanwhile. Then how many statuses one client reads in a row."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from benchmarks.figure import Figure, at_least, at_most, share
from benchmarks.served import Served, ServerSilent, served
from engine.client import ApiClient
from engine.client.address import socket_address
from engine.client.operations import is_over
from engine.stats.quantiles import quantile

CLIENTS = 100
LEAST_CHANGES = 900
STATUSES = 1000
_LONGEST_SECONDS = 240.0


def run() -> list[Figure]:
    """Raises ServerSilent where the operation does not end."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-live-") as folder, served(Path(folder) / "home") as server:
        heard_end, delays, changes, answered = asyncio.run(_watched(server))
        per_second = [_statuses_per_second(server) for _ in range(5)]
    if changes < LEAST_CHANGES:
        raise ServerSilent(f"The operation changed {changes} times only; {LEAST_CHANGES} were to be watched.")
    return [
        share(f"sockets: {CLIENTS} clients that hear the end of {changes} changes", heard_end, at_least=1.0),
        at_most("sockets: a change arrives after, 95th percentile", [1000 * quantile(delays, 0.95)], "ms", 100),
        at_most("sockets: other requests meanwhile, 95th percentile", [1000 * quantile(answered, 0.95)], "ms", 100),
        at_least(f"{STATUSES} statuses read one after the other", per_second, "per second", 300),
    ]


async def _watched(server: Served) -> tuple[list[bool], list[float], int, list[float]]:
    """Whether each client heard the end, seconds from change to arrival, how many changes, and seconds of requests."""
    over = asyncio.Event()
    with ApiClient(server.url) as client:
        client.models()  # the catalogue is read before anything is timed
        # Two changes for each type: what is being generated, and what came of it.
        params = {"priority": "all", "verify": False, "force": True}
        found = client.run_operation("generator", params)
    address = socket_address(server.url, found.socket_path)
    watching = [asyncio.create_task(_watch(address)) for _ in range(CLIENTS)]
    asking = asyncio.create_task(_ask(server.url, over))
    try:
        heard = await asyncio.wait_for(asyncio.gather(*watching), _LONGEST_SECONDS)
    except TimeoutError:
        raise ServerSilent(f"The operation had not ended after {_LONGEST_SECONDS:g} s.") from None
    finally:
        over.set()
    answered = await asking
    return (
        [ended for ended, _, _ in heard],
        [delay for _, delays, _ in heard for delay in delays],
        max(sequence for _, _, sequence in heard),
        answered,
    )


async def _watch(address: str) -> tuple[bool, list[float], int]:
    delays: list[float] = []
    sequence = 0
    async with connect(address, proxy=None, open_timeout=60) as socket:
        first = True
        async for text in socket:
            arrived = datetime.now(UTC)
            status = json.loads(text)
            if "status" not in status:
                return False, delays, sequence
            sequence = status["sequence"]
            if not first:  # the first is the present state, whenever that came about
                delays.append((arrived - datetime.fromisoformat(status["changed_at"])).total_seconds())
            first = False
            if is_over(status):
                return True, delays, sequence
    return False, delays, sequence


async def _ask(url: str, over: asyncio.Event) -> list[float]:
    """Seconds of requests of other kinds, one after the other with pauses."""
    seconds: list[float] = []
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
        while not over.is_set():
            for path in ("/healthz", "/api/benchmark/runs", "/api/benchmark/query?limit=10"):
                began = time.perf_counter()
                (await http.get(path)).raise_for_status()
                seconds.append(time.perf_counter() - began)
            await asyncio.sleep(0.05)
    return seconds


def _statuses_per_second(server: Served) -> float:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http:
        (newest,) = http.get("/api/generator/runs?limit=1").json()["operations"]
        path = f"/api/generator/status/{newest['operation_id']}"
        began = time.perf_counter()
        for _ in range(STATUSES):
            http.get(path).raise_for_status()
        return STATUSES / (time.perf_counter() - began)
