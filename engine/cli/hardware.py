"""modeldyno hardware"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, print_rows, say
from engine.client import ApiClient
from engine.workflows.hardware import hardware as hardware_here


@click.command()
@click.option("--refresh", is_flag=True, help="Detect anew instead of remembering what was found earlier.")
@common_options
def hardware(common: Common, refresh: bool) -> int:
    """Show which backends can run here, and why the others cannot."""
    if common.server is not None:
        if refresh:
            raise click.UsageError("--refresh cannot be asked of a server; ask on its machine, while it is stopped.")
        with ApiClient(common.server) as client:
            statuses: list[dict[str, Any]] = client.get("/api/benchmark/hardware")["hardware"]
    else:
        with open_workbench(common) as workbench:
            say(f"{workbench.environment.label}, {workbench.environment.os}", quiet=common.quiet or common.as_json)
            statuses = [asdict(status) for status in hardware_here(workbench, refresh=refresh)]
    if common.as_json:
        print_json(statuses)
        return 0
    rows = (
        (
            status["backend"],
            "yes" if status["available"] else "no",
            ", ".join(status["devices"]) or None,
            ", ".join(status["precisions"]) or None,
            ", ".join(f"{name} {version}" for name, version in status["versions"].items()) or None,
            status["reason"],
        )
        for status in statuses
    )
    print_rows(("Backend", "Available", "Devices", "Precisions", "Versions", "Why not"), rows, "table")
    details = [
        (status["backend"], name, value)
        for status in statuses
        for name, value in (
            *status.get("facts", {}).items(),  # servers of earlier releases do not tell them
            *((precision, f"not run: {why}") for precision, why in status.get("refused", {}).items()),
        )
    ]
    if details:
        print_rows(("Backend", "Detail", "Here"), details, "table")
    return 0
