"""modeldyno hardware"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from engine.cli.client import Client
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, print_rows, say
from engine.workflows.hardware import hardware as hardware_here
from engine.workflows.workbench import Workbench


@click.command()
@click.option("--refresh", is_flag=True, help="Detect anew instead of remembering what was found earlier.")
@common_options
def hardware(common: Common, refresh: bool) -> int:
    """Show which backends can run on this machine, and why the others cannot."""
    if common.server is not None:
        with Client(common.server) as client:
            statuses: list[dict[str, Any]] = client.get("/api/benchmark/hardware")["hardware"]
    else:
        with Workbench.open(common.settings()) as workbench:
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
    return 0
