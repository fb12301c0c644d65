"""Ctrl-C while a server carries something out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from engine.cli.remote_operation import Status, carry_out_operation
from engine.client import ServerRefused, Started
from engine.client.operations import system_named


def status_of(state: str) -> Status:
    return {"operation_id": "o1", "status": state, "sequence": 1}


class Server:
    """A client of a server where one operation runs; `interrupted` names the call in which Ctrl-C comes."""

    url = "http://127.0.0.1:8050"

    def __init__(self, interrupted: str, *, ends_first: bool = False) -> None:
        self.interrupted = interrupted
        self.ends_first = ends_first
        self.state = "running"
        self.cancelled: list[str] = []

    def run_operation(self, name: str, params: Mapping[str, Any]) -> Started:
        return Started(system=system_named(name), operation_id="o1")

    def status(self, operation: Started) -> Status:
        self._interrupt("status")
        return status_of(self.state)

    def follow(self, operation: Started) -> Iterator[Status]:
        self._interrupt("follow")
        yield from ()

    def cancel(self, operation: Started) -> None:
        self.cancelled.append(operation.operation_id)
        self.state = "completed" if self.ends_first else "cancelled"
        if self.ends_first:
            raise ServerRefused("It is completed; there is nothing to cancel.", status=409)

    def _interrupt(self, call: str) -> None:
        if call == self.interrupted:
            self.interrupted = ""
            raise KeyboardInterrupt


def carried_out(server: Server) -> Status:
    found = carry_out_operation(server, "test", {}, quiet=True, name_of=lambda status: status["operation_id"])  # type: ignore[arg-type]
    return found[1]


@pytest.mark.parametrize("call", ["status", "follow"])
def test_it_is_cancelled_whenever_it_has_been_started(call: str) -> None:
    server = Server(call)
    assert carried_out(server)["status"] == "cancelled"
    assert server.cancelled == ["o1"]


def test_what_ended_before_it_could_be_cancelled_is_told_as_it_ended() -> None:
    assert carried_out(Server("follow", ends_first=True))["status"] == "completed"
