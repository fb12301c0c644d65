"""One operation carried out by a server, shown and awaited."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from engine.cli.follow import Standing, display
from engine.cli.output import say
from engine.client import ApiClient, ServerRefused, Started
from engine.client.operations import is_over

POLL_SECONDS = 0.5
STOP_SECONDS = 20.0
"""How long a cancelled operation is waited for."""

Status = dict[str, Any]


def carry_out_operation(
    client: ApiClient, system: str, params: Mapping[str, Any], *, quiet: bool, name_of: Callable[[Status], str]
) -> tuple[Started, Status]:
    """Start an operation on the server, show and await it; with its final status.

    Ctrl-C cancels it there; the status is then not final where it does not stop in time. `name_of` says what it is
    called, from its status.
    """
    started = client.run_operation(system, params)
    name = f"{system} {started.operation_id}"
    try:
        name = name_of(client.status(started))
        say(f"{name} on {client.url}", quiet=quiet)
        return started, _shown(client, started, quiet=quiet)
    except KeyboardInterrupt:
        say(f"Cancelling {name}; finished results are kept.", quiet=quiet)
        return started, _stopped(client, started)


def _shown(client: ApiClient, started: Started, *, quiet: bool) -> Status:
    told = 0
    status: Status = {}
    with display(quiet=quiet) as shown:
        for status in client.follow(started):
            done, total = _counts(status)
            remaining = status["estimated_remaining_range"]
            shown.show(
                Standing(
                    done=done,
                    total=total,
                    step=status["current_step"],
                    remaining=(remaining[0], remaining[1]) if remaining else None,
                    news=(f"{done} of {total} done, now {status['current_step']}",) if done > told else (),
                )
            )
            told = done
    return status


def _stopped(client: ApiClient, started: Started) -> Status:
    try:
        client.cancel(started)
    except ServerRefused as refusal:
        if refusal.status != HTTPStatus.CONFLICT:  # which says that it has ended by itself
            raise
    deadline = time.monotonic() + STOP_SECONDS
    while not is_over(status := client.status(started)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return status


def _counts(status: Status) -> tuple[int, int]:
    """Done, and in all: of a run its executions, of other operations their outcomes."""
    if "cases" in status:
        cases = status["cases"]
        return sum(count for name, count in cases.items() if name != "total"), cases["total"]
    return status["outcomes"]["done"], status["outcomes"]["total"]
