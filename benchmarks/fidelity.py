"""Whether our median is the one that a bare PyTorch loop finds.

Each of our cases, in a process of its own, runs between two turns of the loop: a machine that grows slower or faster
meanwhile touches both alike. Turns are short, because the speed of a shared machine changes within seconds, and of one
thread on one core, because two threads that wait for each other are disturbed twice as often, and cores differ.

We are held against two loops: one whose allocator keeps what was freed, as ours does (engine.workloads.allocator),
which is the goal; and one with glibc's as it comes, in many processes, because each is lucky with its heap or not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.bare_loop import ITERATIONS, MODELS, WARMUP
from benchmarks.figure import Figure
from engine.backends.environment import detect_environment
from engine.benchmarking.execute import execute
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog
from engine.config import CHECKOUT
from engine.domain.measurement import Metric
from engine.domain.model import ModelType
from engine.domain.run import Protocol
from engine.errors import LauncherFailure
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.stats.quantiles import median
from engine.workflows.case_facts import default_case

SECONDS = 300.0
"""For each model; no more turns begin after it."""
TURNS = 4
"""Our cases during the life of one process of the bare loop; half as many where the process decides."""
THREADS = 1
TOLERANCE = 0.02
_KEEPING = {"MALLOC_TRIM_THRESHOLD_": str(2**31 - 1), "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20)}
_PROTOCOL = Protocol(processes=1, warmup=WARMUP, min_iterations=ITERATIONS, max_iterations=ITERATIONS, max_seconds=60.0)


def run(models: Sequence[str] = tuple(MODELS), seconds: float = SECONDS) -> list[Figure]:
    """One ratio for each of our cases: its median over the mean of the loop's medians just before and after."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        return _figures_of(models, seconds)
    finally:
        os.sched_setaffinity(0, allowed)


def _figures_of(models: Sequence[str], seconds: float) -> list[Figure]:
    launcher = ForkServerLauncher()
    figures = []
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        catalog = load_catalog(Path(folder) / "cache")
        try:
            for name in models:
                model = catalog.get(name)
                path = write(model, render(model), Path(folder))
                _ours(launcher, model, path)
                keeping: list[float] = []
                plain: list[float] = []
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    keeping += _turns(launcher, model, path, until, _KEEPING, TURNS)
                    plain += _turns(launcher, model, path, until, {}, TURNS // 2)
                figures += _figures(name, keeping, plain)
        finally:
            launcher.close()
    return figures


def _figures(name: str, keeping: Sequence[float], plain: Sequence[float]) -> list[Figure]:
    middle = median(keeping)
    print(f"{name}: {middle:.4f}, {len(keeping)} turns; {median(plain):.4f}, {len(plain)}", file=sys.stderr)
    return [
        Figure(
            name=f"{name}, default size, batch 1: our median over a bare loop's that keeps freed memory",
            values=tuple(keeping),
            unit="x",
            goal=f"within {TOLERANCE:.0%} of 1",
            is_reached=1 / (1 + TOLERANCE) <= middle <= 1 + TOLERANCE,
        ),
        Figure(
            name=f"{name}, default size, batch 1: over a bare loop's with the allocator as it comes",
            values=tuple(plain),
            unit="x",
        ),
    ]


def _turns(
    launcher: ForkServerLauncher,
    model: ModelType,
    path: Path,
    until: float,
    settings: Mapping[str, str],
    turns: int,
) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.bare_loop", model.name, str(THREADS)]
    ratios = []
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as bare:
        before = _bare(bare)
        for turn in range(turns):
            if turn and time.monotonic() >= until:
                break
            ours = _ours(launcher, model, path)
            after = _bare(bare)
            ratios.append(2 * ours / (before + after))
            before = after
        assert bare.stdin is not None
        bare.stdin.close()
    return ratios


def _bare(loop: subprocess.Popen[str]) -> float:
    """One turn of the loop's; it waits, without using the processor, until the next is asked for."""
    assert loop.stdin is not None and loop.stdout is not None
    loop.stdin.write("again\n")
    loop.stdin.flush()
    return float(loop.stdout.readline())


def _ours(launcher: ForkServerLauncher, model: ModelType, path: Path) -> float:
    case = replace(default_case(model), threads=THREADS)
    environment_id = detect_environment().environment_id
    result = execute(
        launcher, case, 1, run_id="bench", skillset_path=str(path), protocol=_PROTOCOL, environment_id=environment_id
    )
    measured = result.measurement(Metric.LATENCY)
    if measured is None:
        raise LauncherFailure(result.failure.reason if result.failure else "The case returned no latency.")
    return median(measured.samples)
