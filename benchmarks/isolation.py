"""What a process of its own costs per case: ours against optimum-benchmark's process launcher, in turns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.figure import Figure, at_least
from benchmarks.peer import PeerFailed, PeerSettings, open_peer
from engine.backends.cores import usable_physical_cores
from engine.benchmarking.execute import execute
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog, shape_of
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.run import Protocol
from engine.skillsets.render import recipe_for, render
from engine.skillsets.write import write
from engine.workflows.case_facts import default_case

ROUNDS = 7
OURS_PER_ROUND = 5
GOAL = 30.0
_WARMUP, _ITERATIONS = 2, 10
_PROTOCOL = Protocol(processes=1, warmup=_WARMUP, min_iterations=_ITERATIONS, max_iterations=_ITERATIONS)


def run() -> list[Figure]:
    """Each round: some of our cases, then one of theirs. Model, shape, threads and iterations are the same."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as name:
        folder = Path(name)
        with open_peer(folder, _settings(folder)) as peer, _ours(folder) as our_case:
            peer.case()  # files come into the page cache, and their driver has imported what it needs
            our_case()
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                for _ in range(OURS_PER_ROUND):
                    our_case()
                ours.append((time.perf_counter() - started) / OURS_PER_ROUND)
                theirs.append(peer.case().seconds)
    return [
        Figure(name="tiny bert in a process of its own, ModelDyno", values=tuple(ours), unit="s"),
        Figure(name="the same, optimum-benchmark 0.6 with its process launcher", values=tuple(theirs), unit="s"),
        at_least("cases per minute, ours over theirs", [b / a for a, b in zip(ours, theirs, strict=True)], "x", GOAL),
    ]


def _settings(folder: Path) -> PeerSettings:
    model = load_catalog(folder / "cache").get("bert")
    return PeerSettings(
        config=recipe_for(model).tiny,
        sequence_length=shape_of(model, Size.TINY)[0] or 0,
        warmup=_WARMUP,
        iterations=_ITERATIONS,
        threads=usable_physical_cores(),
    )


@contextmanager
def _ours(folder: Path) -> Iterator[Callable[[], None]]:
    model = load_catalog(folder / "cache").get("bert")
    path = write(model, render(model), folder)
    sequence_length, _ = shape_of(model, Size.TINY)
    case = replace(
        default_case(model), size=Size.TINY, sequence_length=sequence_length, threads=usable_physical_cores()
    )
    launcher = ForkServerLauncher()

    def once() -> None:
        result = execute(
            launcher, case, 1, run_id="bench", skillset_path=str(path), protocol=_PROTOCOL, environment_id="bench"
        )
        measured = result.measurement(Metric.LATENCY)
        if measured is None or len(measured.samples) != _ITERATIONS:
            raise PeerFailed(f"Our own case failed: {result.failure}")

    try:
        yield once
    finally:
        launcher.close()
