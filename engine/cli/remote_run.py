"""One run carried out by a server, followed through its endpoints."""

from __future__ import annotations

import time
from typing import Any

from engine.cli.follow import Standing, display
from engine.cli.output import say
from engine.cli.run_end import RunEnd, end_of_payload
from engine.cli.run_options import request_body
from engine.client import ApiClient
from engine.domain.run import RunRequest, RunStatus

_POLL_SECONDS = 0.5
_STOP_SECONDS = 20.0

Status = dict[str, Any]


def carry_out_remotely(client: ApiClient, request: RunRequest, *, quiet: bool) -> RunEnd:
    """Start a run on the server, show and await it. Ctrl-C cancels it there."""
    run = client.post("/api/benchmark/run", request_body(request))
    run_id = run["run_id"]
    say(f"Run {run['number']} ({run_id}) on {client.url}", quiet=quiet)
    try:
        return end_of_payload(_follow(client, run_id, quiet=quiet))
    except KeyboardInterrupt:
        say(f"Cancelling run {run['number']}; finished results are kept.", quiet=quiet)
        if not _is_final(_status(client, run_id)):
            client.post(f"/api/benchmark/cancel/{run_id}")
        deadline = time.monotonic() + _STOP_SECONDS
        while not _is_final(status := _status(client, run_id)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return end_of_payload(status)


def _follow(client: ApiClient, run_id: str, *, quiet: bool) -> Status:
    told = 0
    with display(quiet=quiet) as shown:
        while not _is_final(status := _status(client, run_id)):
            total = status["cases"]["total"]
            done = sum(count for name, count in status["cases"].items() if name != "total")
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
            time.sleep(_POLL_SECONDS)
    return status


def _status(client: ApiClient, run_id: str) -> Status:
    status: Status = client.get(f"/api/benchmark/status/{run_id}")
    return status


def _is_final(status: Status) -> bool:
    return RunStatus(status["status"]).is_final
