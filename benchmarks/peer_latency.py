"""Whether our latency is the one that optimum-benchmark finds: the same model, shape and threads, in turns."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.peer import PeerFailed, PeerSettings, open_peer
from engine.benchmarking.execute import execute
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog
from engine.domain.measurement import Metric
from engine.domain.run import Protocol
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.stats.quantiles import median
from engine.workflows.case_facts import default_case

ROUNDS = 24
THREADS = 1
"""Two that wait for each other are disturbed twice as often."""
TOLERANCE = 0.03
_PROTOCOL = Protocol(processes=1, warmup=3, min_iterations=10, max_iterations=10, max_seconds=120.0)


def run(rounds: int = ROUNDS) -> list[Figure]:
    """One ratio a round: theirs stands between two cases of ours, so that drift touches both alike."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as name:
        folder = Path(name)
        model = load_catalog(folder / "cache").get("bert")
        path = write(model, render(model), folder)
        case = replace(default_case(model), threads=THREADS)
        settings = PeerSettings(
            config={},
            sequence_length=case.sequence_length or 0,
            warmup=_PROTOCOL.warmup,
            iterations=_PROTOCOL.min_iterations,
            threads=THREADS,
        )
        launcher = ForkServerLauncher()

        def ours() -> float:
            result = execute(
                launcher, case, 1, run_id="bench", skillset_path=str(path), protocol=_PROTOCOL, environment_id="bench"
            )
            measured = result.measurement(Metric.LATENCY)
            if measured is None:
                raise PeerFailed(f"Our own case failed: {result.failure}")
            return median(measured.samples)

        try:
            with open_peer(folder, settings) as peer:
                peer.case()  # files come into the page cache, and their driver has imported what it needs
                before, ratios = ours(), []
                for _ in range(rounds):
                    theirs = peer.case().latency
                    after = ours()
                    ratios.append((before + after) / 2 / theirs)
                    before = after
        finally:
            launcher.close()
    middle = median(ratios)
    return [
        Figure(
            name="bert, default size, batch 1: our median over optimum-benchmark's",
            values=tuple(ratios),
            unit="x",
            goal=f"within {TOLERANCE:.0%} of 1",
            is_reached=1 / (1 + TOLERANCE) <= middle <= 1 + TOLERANCE,
        )
    ]
