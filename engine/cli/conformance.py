"""modeldyno conformance"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import click

from engine.catalog.registry import Catalog
from engine.cli.conformance_tables import line_of, print_conformance, remaining_seconds, summary_of
from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.follow import Standing, display
from engine.cli.interruption import until_interrupted
from engine.cli.open_workbench import open_workbench
from engine.cli.options import PRECISION_LIST, Common, local_options, model_options, tier_of
from engine.cli.output import print_json, say
from engine.domain.case import Precision
from engine.domain.conformance import Conformance, Verdict
from engine.domain.model import ModelType, Tier
from engine.workflows.examine_models import examine_models


@click.command()
@model_options
@click.option(
    "--precision", "precisions", default="fp32", show_default=True, type=PRECISION_LIST, help="Such as fp32,bf16."
)
@click.option(
    "--timeout",
    default=15.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds for all checks of one type at one precision.",
)
@click.option(
    "--retry-timeout",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds for a second try of a type that --timeout stopped. [default: no second try]",
)
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 256), help="Types at a time.")
@local_options
def conformance(
    common: Common,
    models: tuple[str, ...],
    priority: str | None,
    precisions: tuple[Precision, ...],
    timeout: float,
    retry_timeout: float | None,
    jobs: int,
) -> int:
    """Examine whether model types keep their word.

    Does each one import, build, run, repeat itself, save and load, generate?

    Every type of the tier is examined, with a recipe or without; one that cannot be is listed with the reason. Each
    examination is stored. Exit status 1 when a type fails.

    \b
    modeldyno conformance --model bert --model vit --precision fp32,bf16
    modeldyno conformance --priority all --retry-timeout 60 --json
    """
    common.refuse_server("conformance")
    began = time.monotonic()
    with open_workbench(common) as workbench, until_interrupted() as cancel:
        chosen = _chosen(workbench.catalog, models, priority)
        shown = _Shown(total=len(chosen) * len(precisions), began=began)
        with display(quiet=common.quiet) as screen:
            screen.show(shown.standing())
            found = examine_models(
                workbench,
                chosen,
                precisions=precisions,
                seconds=timeout,
                retry_seconds=retry_timeout,
                jobs=jobs,
                cancel=cancel,
                on_outcome=lambda outcome: screen.show(shown.standing(outcome)),
                on_wait=lambda line: screen.show(replace(shown.standing(), step=line)),
            )
    seconds = time.monotonic() - began
    if common.as_json:
        print_json({"conformance": [_object(each) for each in found], "seconds": round(seconds, 3)})
    else:
        print_conformance(found)
    say(summary_of(found, seconds), quiet=common.quiet)
    if cancel.is_set():
        say(f"Interrupted: {len(found)} of {shown.total} are examined and kept.")
        return INTERRUPTED
    return FAILED if any(each.verdict is Verdict.FAILS for each in found) else GOOD


def _chosen(catalog: Catalog, models: Sequence[str], priority: str | None) -> list[ModelType]:
    """Named types win over the priority; of a tier every type is meant, not only those with a recipe."""
    if models:
        return catalog.select(models)
    tier = tier_of(priority) or Tier.CRITICAL
    return [model for included in tier.included for model in catalog.types.values() if model.tier is included]


class _Shown:
    """Counts what has ended for the display."""

    def __init__(self, *, total: int, began: float) -> None:
        self.total = total
        self._began = began
        self._ended = 0

    def standing(self, outcome: Conformance | None = None) -> Standing:
        news: tuple[str, ...] = ()
        if outcome is not None:
            self._ended += 1
            news = (f"[{self._ended}/{self.total}] {line_of(outcome)}",)
        remaining = remaining_seconds(time.monotonic() - self._began, self._ended, self.total)
        return Standing(done=self._ended, total=self.total, step="Examining", remaining=remaining, news=news)


def _object(found: Conformance) -> dict[str, Any]:
    return {"verdict": found.verdict, **asdict(found)}
