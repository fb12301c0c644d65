"""modeldyno catalog refresh"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from engine.catalog.frozen import found_here_path, recipes_path
from engine.cli.exit_status import GOOD
from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, local_options
from engine.cli.output import say
from engine.config import CHECKOUT
from engine.formatting import counted, format_duration
from engine.workflows.refresh_recipes import SEARCH_SECONDS, Found, keep_recipes, refresh_recipes


@click.command()
@click.option("--model", "models", multiple=True, metavar="TYPE", help="Only this type; again for more. [default: all]")
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=SEARCH_SECONDS, show_default=True, help="For one type."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Searches at a time.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where recipes are kept.")
@local_options
def refresh(common: Common, models: Sequence[str], seconds: float, jobs: int, output: Path | None) -> int:
    """Find anew how each model type is built and run, and keep what is found.

    In a checkout this replaces data/recipes.jsonl, which the release ships; elsewhere it adds to the recipes found on
    this machine. All types take about half an hour on two cores.
    """
    common.refuse_server("catalog refresh")
    path = output or (recipes_path() if (CHECKOUT / "pyproject.toml").is_file() else found_here_path())
    began = time.monotonic()
    with open_workbench(common) as workbench:
        known = workbench.catalog
        everything = [model for model in known.types.values() if model.source == "transformers"]
        chosen = known.select(models) if models else everything
        told = _Progress(len(chosen), quiet=common.quiet)
        try:
            refresh_recipes(workbench, chosen, seconds=seconds, jobs=jobs, on_found=told.tell)
        finally:  # an interruption keeps what was found before it
            if told.found:
                keep_recipes(told.found, path)
    found = told.found
    counts = Counter(str(item.row["status"]) for item in found)
    partial = sum(bool(item.row.get("missing")) for item in found)
    say(
        f"{counted(len(found), 'model type')} in {format_duration(time.monotonic() - began)}: {counts['runs']} run"
        f"{f', {partial} of them without one of their modalities' if partial else ''}; {counts['needs']} need a "
        f"package, {counts['no_class']} have no model class, {counts['failed']} fail. Kept in {path}.",
        quiet=common.quiet,
    )
    return GOOD


class _Progress:
    """One line for each type that is done, with the time that the rest will about take."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total, self._quiet = total, quiet
        self.found: list[Found] = []
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def tell(self, found: Found) -> None:
        with self._lock:
            self.found.append(found)
            done = len(self.found)
            passed = time.monotonic() - self._began
            rest = format_duration(passed / done * (self._total - done))
            missing = f" without {', '.join(found.row['missing'])}" if found.row.get("missing") else ""
            say(
                f"{done}/{self._total} {found.model_type}: {found.row['status']}{missing} in "
                f"{format_duration(found.seconds)}; about {rest} left",
                quiet=self._quiet,
            )
