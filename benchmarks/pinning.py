"""Whether binding a case to cores of its own steadies its figures: the same case pinned and not, in turns.

What counts is the spread of the medians of fresh processes, which is what an interval is made of; a faster median is
welcome and proves nothing. Only with fewer threads than physical cores is there anything to choose.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.measure import measure_case, measuring_arguments
from engine.catalog.registry import load_catalog
from engine.domain.model import Size
from engine.domain.run import Protocol
from engine.errors import LauncherFailure
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.stats.quantiles import median
from engine.workflows.case_facts import default_case

MODELS = (("bert", Size.TINY), ("vit", Size.TINY), ("bert", Size.DEFAULT))
ROUNDS = 20
_PROTOCOL = Protocol(processes=1, warmup=5, min_iterations=30, max_iterations=30, max_seconds=60.0)
_NORMAL = 1.4826
"""Median absolute deviation to standard deviation, of a normal distribution."""


def run() -> list[Figure]:
    """For each model: the spread of both ways, and the ratio of their medians pair by pair."""
    launcher = ForkServerLauncher(allowed_prefixes=("engine.", "benchmarks."))
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        catalog = load_catalog(Path(folder) / "cache")
        try:
            for name, size in MODELS:
                model = catalog.get(name)
                case = replace(default_case(model), size=size, threads=1)
                path = str(write(model, render(model), Path(folder)))
                arguments = measuring_arguments(case, _PROTOCOL, path, with_facts=False)
                pairs = [_pair(launcher, arguments, pinned_first=bool(turn % 2)) for turn in range(ROUNDS)]
                figures += _figures(f"{name} {size}, one thread", pairs)
        finally:
            launcher.close()
    return figures


def _pair(launcher: ForkServerLauncher, arguments: dict[str, Any], *, pinned_first: bool) -> tuple[float, float]:
    """Seconds pinned and not."""
    functions = ["engine.benchmarking.measure:measure_case", f"{__name__}:measure_unpinned"]
    medians = {}
    for function in functions if pinned_first else functions[::-1]:
        outcome = launcher.run(function, arguments, timeout_seconds=120.0)
        if outcome.value is None:
            raise LauncherFailure(outcome.failure.reason if outcome.failure else "The case returned no latency.")
        medians[function] = median(outcome.value["measurements"]["latency"])
    return medians[functions[0]], medians[functions[1]]


def measure_unpinned(arguments: dict[str, Any]) -> dict[str, Any]:
    """Runs in a case process: as ever, but left to the scheduler."""
    import engine.benchmarking.device as device

    device.pin_to_cores = lambda threads: []
    return measure_case(arguments)


def _figures(what: str, pairs: list[tuple[float, float]]) -> list[Figure]:
    pinned, free = zip(*pairs, strict=True)
    return [
        Figure(name=f"{what}: spread of process medians, pinned", values=(_spread(pinned),), unit="%"),
        Figure(name=f"{what}: spread of process medians, not pinned", values=(_spread(free),), unit="%"),
        Figure(
            name=f"{what}: pinned over not pinned, pair by pair",
            values=tuple(one / other for one, other in pairs),
            unit="x",
        ),
    ]


def _spread(medians: tuple[float, ...]) -> float:
    """Robust standard deviation over the median, in percent."""
    middle = median(medians)
    return 100 * _NORMAL * median([abs(value - middle) for value in medians]) / middle
