"""ApiClient for asyncio."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any

import httpx

from engine.client import calls
from engine.client.address import server_address, socket_address
from engine.client.calls import Answer, Call
from engine.client.credentials import credentials
from engine.client.errors import ServerRefused, ServerUnreachable
from engine.client.operations import Started, candidates, is_over, is_standing, standing, started, system_named
from engine.client.reading import read, unreachable
from engine.client.retrying import seconds_to_wait
from engine.client.waiting import (
    LOOK_SECONDS,
    POLL_SECONDS,
    TIMEOUT,
    refuse_late,
    seconds_left,
    socket_open_seconds,
    timeout_within,
)
from engine.contract.catalog import Hardware, Models
from engine.contract.overview import KnownModel, Overview, Places
from engine.contract.reports import ReportRow, Reports
from engine.contract.results import Results
from engine.contract.runs import Runs
from engine.contract.sql import SqlRows

Status = dict[str, Any]

_ANY_NUMBER = httpx.Limits(max_connections=None, max_keepalive_connections=20)
"""A request that waited too long for one of a few connections would say that no server answers."""


class AsyncApiClient:
    """What ApiClient does, awaited; any number of tasks may use one at once."""

    def __init__(self, base_url: str, *, api_key: str | None = None) -> None:
        """Presents `api_key`, or else that of $MODELDYNO_API_KEY.

        Raises InvalidValue for what can be no server's address, or no key.
        """
        self.url = server_address(base_url)
        self._headers = credentials(api_key)
        # No proxy of the environment may come between this machine and a server on its loopback.
        self._http = httpx.AsyncClient(
            base_url=self.url, timeout=TIMEOUT, headers=self._headers, trust_env=False, limits=_ANY_NUMBER
        )
        self._was_reached = False

    async def send(self, call: Call[Answer]) -> Answer:
        """The answer to `call`, which is sent again where that does no harm and helps.

        Raises ServerUnreachable, ServerRefused, and InvalidValue for what the server says can never work.
        """
        answer: Answer = read(await self._sent(call), self.url, call.path)
        return answer

    async def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        return await self.send(calls.get(path, parameters))

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return await self.send(calls.post(path, body))

    async def download(self, path: str) -> bytes:
        """A file as the server sends it."""
        answer = await self._sent(calls.get(path))
        if answer.is_error:
            read(answer, self.url, path)
        return answer.content

    async def run_operation(
        self, name: str, params: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Started:
        """Ask a system (benchmark, generator, test) for an operation; it is started once however often this is sent.

        A key of one's own makes it start once through restarts of the client too. Raises UnknownName, and
        InvalidValue for what can be no key.
        """
        system = system_named(name)
        return started(system, await self.send(calls.start(system, params, idempotency_key)))

    async def status(self, operation: Started | str) -> Status:
        """Where an operation stands; raises ServerRefused where the server knows none of that id."""
        return (await self._status_of(operation))[1]

    async def results(self, operation: Started | str) -> dict[str, Any]:
        """What came of an operation that has ended; raises ServerRefused (409) before that."""
        return await self.send(calls.results((await self._status_of(operation))[0]))

    async def cancel(self, operation: Started | str) -> dict[str, Any]:
        return await self.send(calls.cancel((await self._status_of(operation))[0]))

    async def follow(self, operation: Started | str, *, timeout: float | None = None) -> AsyncIterator[Status]:
        """Statuses as they change, the present one first and the final one last.

        Through a WebSocket, and by polling where there is none to be had. Raises TookTooLong after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        found, status = await self._status_of(operation, deadline)
        yield status
        sequence = status["sequence"]
        while not is_over(status):
            async for status in self._heard(found, deadline):
                if status["sequence"] != sequence or is_over(status):
                    sequence = status["sequence"]
                    yield status
                if is_over(status):
                    return
            refuse_late(found, deadline)
            await asyncio.sleep(seconds_left(deadline, POLL_SECONDS))
            status = await self._standing(found, deadline)
            if status["sequence"] != sequence or is_over(status):
                sequence = status["sequence"]
                yield status

    async def monitor_operation(
        self,
        operation: Started | str,
        *,
        on_status: Callable[[Status], object] | None = None,
        timeout: float | None = None,
    ) -> Status:
        """Wait until an operation has ended; its final status. `on_status` is told of each. Raises TookTooLong."""
        status: Status = {}
        async for status in self.follow(operation, timeout=timeout):
            if on_status is not None:
                on_status(status)
        return status

    async def models(self) -> Models:
        return await self.send(calls.models())

    async def hardware(self) -> Hardware:
        return await self.send(calls.hardware())

    async def runs(self, **wanted: Any) -> Runs:
        """By `limit` and `status`."""
        return await self.send(calls.runs(**wanted))

    async def stored_results(self, **wanted: Any) -> Results:
        """By `model`, `hardware`, `precision`, `batch_size`, `run_id` and `limit`."""
        return await self.send(calls.stored_results(**wanted))

    async def reports(self, **wanted: Any) -> Reports:
        """By `limit`."""
        return await self.send(calls.reports(**wanted))

    async def make_report(self, run_id: str) -> ReportRow:
        return await self.send(calls.make_report(run_id))

    async def model(self, name: str) -> KnownModel:
        """Everything known of one model type."""
        return await self.send(calls.model(name))

    async def overview(self) -> Overview:
        return await self.send(calls.overview())

    async def search(self, words: str, *, limit: int = 20) -> Places:
        return await self.send(calls.search(words, limit))

    async def query(self, sql: str, *, max_rows: int = 1000) -> SqlRows:
        """One SELECT on a copy of the data."""
        return await self.send(calls.query(sql, max_rows))

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> AsyncApiClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _status_of(self, operation: Started | str, deadline: float | None = None) -> tuple[Started, Status]:
        """The operation, looked for in every system where only its id is known."""
        tried = candidates(operation)
        for found in tried[:-1]:
            try:
                return found, await self._standing(found, deadline)
            except ServerRefused as error:
                if error.status != httpx.codes.NOT_FOUND:
                    raise
        return tried[-1], await self._standing(tried[-1], deadline)

    async def _standing(self, operation: Started, deadline: float | None) -> Status:
        """Where it stands. Raises TookTooLong where the server did not say so before `deadline`."""
        call = calls.status(operation)
        try:
            return standing(read(await self._sent(call, deadline), self.url, call.path))
        except ServerUnreachable:
            refuse_late(operation, deadline)
            raise

    async def _sent(self, call: Call[Any], deadline: float | None = None) -> httpx.Response:
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._http.request(
                    call.method,
                    call.path,
                    params=dict(call.parameters) or None,  # an empty one would replace those of the path
                    json=call.body,
                    headers=call.headers,
                    timeout=timeout_within(deadline),
                )
            except httpx.RequestError as error:
                # One that never answered is not waited for: its address is wrong, or nobody started it.
                pause = seconds_to_wait(attempt, None, deadline) if call.is_repeatable and self._was_reached else None
                if pause is None:
                    raise unreachable(self.url, error) from error
            else:
                self._was_reached = True
                pause = seconds_to_wait(attempt, answer, deadline) if call.is_repeatable else None
                if pause is None:
                    return answer
            await asyncio.sleep(pause)

    async def _heard(self, operation: Started, deadline: float | None) -> AsyncIterator[Status]:
        """What the socket says until it closes; nothing where none can be opened. Raises TookTooLong."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        address, opening = socket_address(self.url, operation.socket_path), socket_open_seconds(deadline)
        try:
            async with connect(
                address, additional_headers=self._headers, proxy=None, close_timeout=1, open_timeout=opening
            ) as socket:
                while True:
                    try:
                        said = json.loads(await asyncio.wait_for(socket.recv(), LOOK_SECONDS))
                    except TimeoutError:
                        refuse_late(operation, deadline)
                        continue
                    if not is_standing(said):
                        return  # it has no place for us, or knows no such operation: polling will tell
                    yield said
                    refuse_late(operation, deadline)
        except (WebSocketException, OSError, ValueError):
            return
