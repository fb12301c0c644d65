"""One run carried out by a server."""

from __future__ import annotations

from engine.cli.remote_operation import Status, carry_out_operation
from engine.cli.run_end import RunEnd, end_of_payload
from engine.cli.run_options import request_body
from engine.client import ApiClient
from engine.domain.run import RunRequest


def carry_out_remotely(client: ApiClient, request: RunRequest, *, quiet: bool) -> RunEnd:
    """Start a run on the server, show and await it. Ctrl-C cancels it there."""
    _, status = carry_out_operation(client, "benchmark", request_body(request), quiet=quiet, name_of=_name)
    return end_of_payload(status)


def _name(status: Status) -> str:
    return f"Run {status['number']} ({status['run_id']})"
