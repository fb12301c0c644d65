"""Whether binding a case to cores of its own steadies its figures: the same case pinned and not, in turns.

What counts is the spread of the medians of fresh processes, which is what an interval is made of; a faster median is
welcome and proves nothing. One thread leaves a choice on any machine with two cores.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.figure import Figure
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.measure import measuring_arguments
from engine.catalog.registry import load_catalog
from engine.domain.case import Case
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
    launcher = ForkServerLauncher()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        catalog = load_catalog(Path(folder) / "cache")
        try:
            for name, size in MODELS:
                model = catalog.get(name)
                case = replace(default_case(model), size=size, threads=1)
                path = str(write(model, render(model), Path(folder)))
                pairs = [_pair(launcher, case, path, pinned_first=bool(turn % 2)) for turn in range(ROUNDS)]
                figures += _figures(f"{name} {size}, one thread", pairs)
        finally:
            launcher.close()
    return figures


def _pair(launcher: ForkServerLauncher, case: Case, path: str, *, pinned_first: bool) -> tuple[float, float]:
    """Seconds pinned and not."""
    medians = {}
    for pinned in (True, False) if pinned_first else (False, True):
        arguments = measuring_arguments(case, replace(_PROTOCOL, pinned=pinned), path, with_facts=False)
        outcome = launcher.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=120.0)
        if outcome.value is None:
            raise LauncherFailure(outcome.failure.reason if outcome.failure else "The case returned no latency.")
        medians[pinned] = median(outcome.value["measurements"]["latency"])
    return medians[True], medians[False]


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
