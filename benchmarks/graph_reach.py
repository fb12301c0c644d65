"""python -m benchmarks.graph_reach FILE [--backend NAME]... [--sample N] [--minutes M]: which encoders graphs run.

Every text, vision and audio type of the catalogue that has a recipe, tiny, batch 1, by the product's own path: first
eagerly on the CPU, then exported to each backend, run, and compared with torch. What was found is appended to FILE, one
JSON object a line, so that an interrupted sweep goes on where it stopped. Prints shares and reasons as Markdown.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from engine.benchmarking.execute import execute
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog
from engine.domain.model import Family, ModelType, Size
from engine.domain.run import Protocol
from engine.errors import EngineError
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.workflows.case_facts import default_case

GOALS = {"onnxruntime": 0.90, "openvino": 0.85}
FAMILIES = (Family.TEXT_ENCODER, Family.VISION, Family.AUDIO)
_EAGER = "cpu"
_ONCE = Protocol(processes=1, warmup=1, min_iterations=1, max_iterations=1, timeout_seconds=300.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="where outcomes are kept")
    parser.add_argument("--backend", action="append", choices=GOALS, help="which; both without any")
    parser.add_argument("--sample", type=int, help="so many types, drawn at random with a fixed seed; all without")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further type after so long")
    asked = parser.parse_args()
    backends = asked.backend or list(GOALS)
    kept = [json.loads(line) for line in asked.file.read_text().splitlines()] if asked.file.is_file() else []
    with tempfile.TemporaryDirectory(prefix="modeldyno-reach-") as folder:
        chosen = _chosen(Path(folder), asked.sample)
        done = {(found["model_type"], found["backend"]) for found in kept}
        waiting = [model for model in chosen if any((model.name, name) not in done for name in (_EAGER, *backends))]
        kept += _sweep(waiting, backends, done, Path(folder), asked.file, time.monotonic() + 60 * asked.minutes)
    print(_table(kept, backends, len(chosen)))
    return 0


def _chosen(folder: Path, sample: int | None) -> list[ModelType]:
    """In an order of chance, so that a sweep that ends early is a fair sample of the whole."""
    found = [model for model in load_catalog(folder / "cache").runnable if model.family in FAMILIES]
    random.Random(0).shuffle(found)
    return found if sample is None else found[:sample]


def _sweep(
    models: list[ModelType], backends: list[str], done: set[tuple[str, str]], folder: Path, file: Path, end: float
) -> list[dict[str, str | None]]:
    launcher = ForkServerLauncher()
    outcomes: list[dict[str, str | None]] = []
    try:
        for position, model in enumerate(models, start=1):
            if time.monotonic() > end:
                print(f"Out of time with {len(models) - position + 1} types to go", file=sys.stderr)
                break
            for name in (_EAGER, *backends):
                if (model.name, name) in done:
                    continue
                reason = _failure(launcher, model, name, folder)
                outcome = {"model_type": model.name, "family": model.family, "backend": name, "reason": reason}
                outcomes.append(outcome)
                with file.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps(outcome) + "\n")
                print(f"{position}/{len(models)} {model.name} {name}: {reason or 'runs'}", file=sys.stderr, flush=True)
                if name == _EAGER and reason is not None:
                    break
    finally:
        launcher.close()
    return outcomes


def _failure(launcher: ForkServerLauncher, model: ModelType, backend: str, folder: Path) -> str | None:
    case = replace(default_case(model, Size.TINY), backend=backend, threads=1)
    try:
        path = write(model, render(model), folder)
    except EngineError as error:
        return error.message
    result = execute(
        launcher,
        case,
        1,
        run_id="reach",
        skillset_path=str(path),
        protocol=_ONCE,
        environment_id="reach",
        graphs_in=folder / "graphs",
    )
    return None if result.failure is None else f"{result.failure.kind}: {result.failure.reason}"


def _table(outcomes: Iterable[dict[str, str | None]], backends: list[str], types: int) -> str:
    """Shares of what runs eagerly, by family, then the reason of each failure."""
    by = {(found["model_type"], found["backend"]): found for found in outcomes}
    eager = [found for (_, name), found in by.items() if name == _EAGER and found["reason"] is None]
    lines = [
        f"{len(eager)} types run eagerly, of {types} chosen.",
        "",
        "| backend | family | runs | of | share | goal |",
    ]
    lines.append("|---|---|---:|---:|---:|---|")
    failures: list[str] = []
    for name in backends:
        tried = [by[found["model_type"], name] for found in eager if (found["model_type"], name) in by]
        runs = Counter(found["family"] for found in tried if found["reason"] is None)
        of = Counter(found["family"] for found in tried)
        for family in sorted(filter(None, of)):
            lines.append(f"| {name} | {family} | {runs[family]} | {of[family]} | {runs[family] / of[family]:.0%} | |")
        if tried:
            share = runs.total() / of.total()
            reached = "reached" if share >= GOALS[name] else "**missed**"
            goal = f"{GOALS[name]:.0%}, {reached}"
            lines.append(f"| {name} | all | {runs.total()} | {of.total()} | {share:.1%} | {goal} |")
        failed = sorted((found for found in tried if found["reason"]), key=lambda found: str(found["model_type"]))
        failures += [f"- {name}, {found['model_type']}: {found['reason']}" for found in failed]
    return "\n".join([*lines, "", *failures])


if __name__ == "__main__":
    sys.exit(main())
