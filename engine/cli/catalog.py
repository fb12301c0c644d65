"""modeldyno catalog"""

from __future__ import annotations

from typing import Any

import click

from engine.catalog.registry import load_catalog
from engine.cli.client import Client
from engine.cli.options import PRIORITIES, Common, common_options, tier_of
from engine.cli.output import print_json, print_rows, say
from engine.domain.model import Family, ModelType, Tier
from engine.formatting import counted


@click.command()
@click.option("--family", type=click.Choice([family.value for family in Family]), help="Only this family.")
@click.option("--priority", type=click.Choice(PRIORITIES), help="Only this tier and those before it.")
@click.option("--verified", is_flag=True, help="Only types that this release can measure.")
@common_options
def catalog(common: Common, family: str | None, priority: str | None, verified: bool) -> int:
    """List the model types of the installed transformers library.

    Those that this release can measure are marked.
    """
    if common.server is not None:
        with Client(common.server) as client:
            answer = client.get("/api/benchmark/models")
        listed, version = answer["models"], answer["transformers_version"]
    else:
        known = load_catalog(common.settings().home / "cache")
        listed, version = [_object(model) for model in known.types.values()], known.transformers_version
    tier = tier_of(priority)
    tiers = [included.value for included in (tier.included if tier else tuple(Tier))]
    chosen = [
        model
        for model in listed
        if (family is None or model["family"] == family)
        and model["priority"] in tiers
        and (model["verified"] or not verified)
    ]
    if common.as_json:
        print_json(chosen)
        return 0
    rows = (
        (m["name"], m["display_name"], m["family"], m["task"], m["priority"], "yes" if m["verified"] else "no")
        for m in chosen
    )
    print_rows(("Type", "Name", "Family", "Task", "Priority", "Can be measured"), rows, "table")
    measurable = sum(model["verified"] for model in chosen)
    say(
        f"{counted(len(chosen), 'model type')} of transformers {version}; {measurable} can be measured.",
        quiet=common.quiet,
    )
    return 0


def _object(model: ModelType) -> dict[str, Any]:
    return {
        "name": model.name,
        "display_name": model.display_name,
        "family": model.family.value,
        "task": model.task,
        "priority": model.tier.value,
        "verified": model.verified,
        "modalities": list(model.modalities),
        "traits": list(model.traits),
    }
