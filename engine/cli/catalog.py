"""modeldyno catalog"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from engine.catalog.registry import load_catalog
from engine.cli.catalog_refresh import refresh
from engine.cli.options import PRIORITIES, Common, common_options, tier_of
from engine.cli.output import print_json, print_rows, say, tell_warnings
from engine.client import ApiClient
from engine.domain.model import Family, Status, Tier
from engine.formatting import counted
from engine.workflows.model_rows import checkpoint_rows, model_row


@click.group(invoke_without_command=True)
@click.option("--family", type=click.Choice([family.value for family in Family]), help="Only this family.")
@click.option("--priority", type=click.Choice(PRIORITIES), help="Only this tier and those before it.")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only types of this status.")
@click.option("--checkpoints", is_flag=True, help="List published checkpoints, sizes to measure, instead of types.")
@common_options
@click.pass_context
def catalog(
    context: click.Context,
    common: Common,
    family: str | None,
    priority: str | None,
    status: str | None,
    checkpoints: bool,
) -> int:
    """List model types, and what can be done with each.

    Parameters of types are counted from the library's default configuration, those of checkpoints are as published.
    """
    if context.invoked_subcommand is not None:
        return 0
    if common.server is not None:
        with ApiClient(common.server) as client:
            answer = client.get("/api/benchmark/models")
        listed, version = answer["models"], answer["transformers_version"]
        published = answer["checkpoints"]
    else:
        known = load_catalog(common.settings().home / "cache")
        tell_warnings(known.warnings)
        listed, version = [model_row(model) for model in known.types.values()], known.transformers_version
        published = checkpoint_rows(known)
    tier = tier_of(priority)
    tiers = [included.value for included in (tier.included if tier else tuple(Tier))]
    chosen = [
        model
        for model in listed
        if (family is None or model["family"] == family)
        and model["priority"] in tiers
        and (status is None or model["status"] == status)
    ]
    if checkpoints:
        names = {model["name"] for model in chosen}
        everything = len(chosen) == len(listed)
        _print_checkpoints([row for row in published if everything or row["model_type"] in names], common)
        return 0
    if common.as_json:
        print_json(chosen)
        return 0
    rows = (
        (m["name"], m["display_name"], m["family"], m["task"], m["priority"], m["status"], m["parameters"], m["reason"])
        for m in chosen
    )
    headings = ("Type", "Name", "Family", "Task", "Priority", "Status", "Parameters", "Reason")
    print_rows(headings, rows, "table", numeric=("Parameters",))
    measurable = sum(model["status"] == Status.RUNNABLE for model in chosen)
    say(
        f"{counted(len(chosen), 'model type')} of transformers {version}; {measurable} can be measured.",
        quiet=common.quiet,
    )
    return 0


def _print_checkpoints(rows: Sequence[dict[str, Any]], common: Common) -> None:
    if common.as_json:
        print_json(rows)
        return
    headings = ("Type", "Checkpoint", "Published parameters", "Source", "Reason")
    keys = ("model_type", "name", "parameters", "source", "reason")
    print_rows(headings, ([row[key] for key in keys] for row in rows), "table", numeric=("Published parameters",))
    usable = sum(row["reason"] is None for row in rows)
    say(
        f"{counted(len(rows), 'checkpoint')}; {usable} can be measured: `modeldyno benchmark --model NAME`.",
        quiet=common.quiet,
    )


catalog.add_command(refresh)
