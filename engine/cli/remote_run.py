"""One run carried out by a server, followed through its endpoints."""

from __future__ import annotations

import time
from typing import Any

from engine.cli.client import Client
from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.follow import Standing, display
from engine.cli.output import say
from engine.cli.run_options import request_body
from engine.domain.run import RunRequest, RunStatus

_POLL_SECONDS = 0.5
_STOP_SECONDS = 20.0

Status = dict[str, Any]


def carry_out_remotely(client: Client, request: RunRequest, *, quiet: bool) -> Status:
    """The final status payload. Ctrl-C cancels the run on the server."""
    started = client.post("/api/benchmark/run", request_body(request))
    run_id = started["run_id"]
    say(started.get("message", f"Run {run_id} is accepted."), quiet=quiet)
    try:
        return _follow(client, run_id, quiet=quiet)
    except KeyboardInterrupt:
        say("Cancelling the run; finished results are kept.", quiet=quiet)
        client.post(f"/api/benchmark/cancel/{run_id}")
        deadline = time.monotonic() + _STOP_SECONDS
        while not is_final(status := _status(client, run_id)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return status


def _follow(client: Client, run_id: str, *, quiet: bool) -> Status:
    told = 0
    with display(quiet=quiet) as shown:
        while True:
            status = _status(client, run_id)
            cases = status["cases"]
            done = sum(count for name, count in cases.items() if name != "total")
            news = (f"[{done}/{cases['total']}] {status['current_step']}",) if done > told else ()
            told = done
            remaining = status.get("estimated_remaining_range")
            shown.show(
                Standing(
                    done=done,
                    total=cases["total"],
                    step=status["current_step"],
                    remaining=(remaining[0], remaining[1]) if remaining else None,
                    news=news,
                )
            )
            if is_final(status):
                return status
            time.sleep(_POLL_SECONDS)


def _status(client: Client, run_id: str) -> Status:
    status: Status = client.get(f"/api/benchmark/status/{run_id}")
    return status


def is_final(status: Status) -> bool:
    return RunStatus(status["status"]).is_final


def remote_status(status: Status, rows: list[dict[str, Any]]) -> int:
    """The exit status of a run that a server carried out; the same rule as for one that ran here."""
    if status["status"] == RunStatus.CANCELLED:
        return INTERRUPTED
    cases = status["cases"]
    if status["status"] != RunStatus.COMPLETED or cases["failed"] or cases["cancelled"]:
        return FAILED
    measured_before = bool(rows) and all((row["failure"] or {}).get("kind") == "already_measured" for row in rows)
    return GOOD if cases["completed"] or measured_before else FAILED
