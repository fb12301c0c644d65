"""Both clients against the application that really listens: operations are started, followed, stopped and read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from simple_websocket import Client as Socket

from app.endpoints import live
from engine.client import ApiClient, AsyncApiClient, ServerRefused, Started, TookTooLong
from engine.domain.run import RunStatus
from engine.errors import InvalidValue
from tests.app.stand_in import StandInWorkbench
from tests.builders import a_plan

WAIT = 10.0


class Awaited:
    """AsyncApiClient with the methods of ApiClient, so that both meet the same tests.

    Its loop has a thread of its own: the test's may have one already, as that of a browser's tests does.
    """

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client = AsyncApiClient(url)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *given, **named: self._awaited(method(*given, **named))

    def follow(self, operation: Started | str, **named: Any) -> list[dict[str, Any]]:
        async def all_of_it() -> list[dict[str, Any]]:
            return [status async for status in self._client.follow(operation, **named)]

        return self._awaited(all_of_it())

    def end(self) -> None:
        self._awaited(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT)
        self._loop.close()

    def _awaited(self, wanted: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(wanted, self._loop).result(3 * WAIT)


@pytest.fixture(params=[ApiClient, Awaited])
def api(request: pytest.FixtureRequest, address: str) -> Iterator[Any]:
    client = request.param(f"http://{address}")
    yield client
    (client.close if isinstance(client, ApiClient) else client.end)()


def later(seconds: float, act: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def test_an_operation_is_run_monitored_and_read(api: Any, bench: StandInWorkbench) -> None:
    bench.jobs.may_go_on.clear()
    started = api.run_operation("generator", {"models": ["bert", "gpt2"]})
    later(0.3, bench.jobs.may_go_on.set)
    told: list[dict[str, Any]] = []
    status = api.monitor_operation(started, on_status=told.append, timeout=WAIT)
    assert (status["status"], status["outcomes"]["done"]) == ("completed", 2)
    assert told[0]["status"] != "completed" and told[-1] == status
    assert [row["model_type"] for row in api.results(started)["results"]] == ["bert", "gpt2"]


def test_a_run_is_followed_through_a_socket(api: Any, bench: StandInWorkbench) -> None:
    started = api.run_operation("benchmark", {"models": ["bert"]})
    later(0.3, lambda: bench.supervisor.live[started.operation_id].set_plan(a_plan(), ()))
    later(0.8, lambda: bench.supervisor.end(started.operation_id))
    told = list(api.follow(started, timeout=WAIT))
    assert told[-1]["status"] == "completed"
    sequences = [status["sequence"] for status in told]
    assert len(sequences) >= 3 and len(set(sequences[:-1])) == len(sequences) - 1


def test_without_a_place_for_a_socket_it_is_polled(api: Any, bench: StandInWorkbench, address: str, app: Flask) -> None:
    started = api.run_operation("benchmark", {"models": ["bert"]})
    path = f"ws://{address}/api/benchmark/ws/{started.operation_id}"
    with ExitStack() as opened:
        for _ in range(app.extensions[live.EXTENSION].limit):
            socket = Socket(path)
            opened.callback(socket.close)
            socket.receive(timeout=5)
        later(0.5, lambda: bench.supervisor.end(started.operation_id, RunStatus.FAILED, "It broke."))
        status = api.monitor_operation(started, timeout=WAIT)
    assert (status["status"], status["error"]) == ("failed", "It broke.")


def test_a_socket_that_breaks_off_loses_nothing(api: Any, bench: StandInWorkbench, app: Flask) -> None:
    sockets = app.extensions[live.EXTENSION]
    started = api.run_operation("benchmark", {"models": ["bert"]})
    later(0.4, sockets.stopping.set)
    later(1.5, lambda: bench.supervisor.end(started.operation_id))
    try:
        assert api.monitor_operation(started, timeout=WAIT)["status"] == "completed"
    finally:
        sockets.stopping.clear()


def test_who_waits_too_long_is_told_and_it_goes_on(api: Any, bench: StandInWorkbench) -> None:
    bench.jobs.may_go_on.clear()
    started = api.run_operation("generator", {"model": "bert"})
    with pytest.raises(TookTooLong, match="goes on at the server"):
        api.monitor_operation(started, timeout=0.3)
    assert api.status(started)["status"] in ("initializing", "running")


def test_an_id_alone_is_enough(api: Any, bench: StandInWorkbench) -> None:
    bench.jobs.may_go_on.clear()
    generation = api.run_operation("generator", {"model": "bert"}).operation_id
    run = api.run_operation("benchmark", {"models": ["bert"]}).operation_id
    assert api.status(generation)["operation_id"] == generation
    assert api.status(run)["run_id"] == run
    assert api.cancel(generation)["status"] == "cancelling"
    assert api.monitor_operation(generation, timeout=WAIT)["status"] == "cancelled"


def test_what_the_server_refuses_is_raised_in_its_words(api: Any) -> None:
    with pytest.raises(InvalidValue, match="Did you mean bert") as wrong:
        api.run_operation("benchmark", {"models": ["brt"]})
    assert wrong.value.field == "models"
    started = api.run_operation("benchmark", {"models": ["bert"]})
    with pytest.raises(ServerRefused, match="follow it at") as early:
        api.results(started)
    assert (early.value.status, early.value.problem["title"]) == (409, "Not finished")
    with pytest.raises(ServerRefused) as unknown:
        api.status("nope")
    assert unknown.value.status == 404


def test_everything_that_is_read_has_a_method(api: Any, bench: StandInWorkbench) -> None:
    api.run_operation("benchmark", {"models": ["bert"]})
    assert {model["name"] for model in api.models()["models"]} == {"bert", "gpt2", "ernie"}
    assert {backend["backend"] for backend in api.hardware()["hardware"]} == {"cpu", "cuda"}
    assert len(api.runs(limit=5)["runs"]) == 1
    assert api.stored_results(model="bert")["count"] == 0
    assert api.reports() == {"reports": []}
    assert api.model("bert")["model"]["name"] == "bert"
    assert api.overview()["results"] == 0
    assert api.search("bert")["places"]
    assert api.query("select 1 as one")["rows"] == [[1]]
    assert api.get("/healthz")["status"] == "ok"
