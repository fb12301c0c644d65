"""Whether our median is the one that a bare PyTorch loop finds: pairs of fresh processes, in turns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.bare_loop import ITERATIONS, WARMUP
from benchmarks.figure import Figure
from engine.backends.cores import usable_physical_cores
from engine.backends.environment import detect_environment
from engine.benchmarking.execute import execute
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog, shape_of
from engine.config import CHECKOUT
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import ModelType, Size
from engine.domain.run import Protocol
from engine.errors import LauncherFailure
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.stats.quantiles import median

MODELS = ("bert", "vit")
PAIRS = 12
TOLERANCE = 0.03
_PROTOCOL = Protocol(processes=1, warmup=WARMUP, min_iterations=ITERATIONS, max_iterations=ITERATIONS, max_seconds=60.0)


def run() -> list[Figure]:
    """One ratio a pair, ours over the bare loop's; who goes first alternates."""
    threads = usable_physical_cores()
    launcher = ForkServerLauncher()
    figures = []
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        catalog = load_catalog(Path(folder) / "cache")
        try:
            for name in MODELS:
                model = catalog.get(name)
                path = write(model, render(model), Path(folder))
                ratios = [_pair(launcher, model, path, threads, ours_first=turn % 2 == 0) for turn in range(PAIRS)]
                middle = median(ratios)
                figures.append(
                    Figure(
                        name=f"{name}, default size, batch 1: our median over a bare loop's",
                        values=tuple(ratios),
                        unit="x",
                        goal=f"within {TOLERANCE:.0%} of 1",
                        is_reached=1 / (1 + TOLERANCE) <= middle <= 1 + TOLERANCE,
                    )
                )
        finally:
            launcher.close()
    return figures


def _pair(launcher: ForkServerLauncher, model: ModelType, path: Path, threads: int, *, ours_first: bool) -> float:
    if ours_first:
        ours = _ours(launcher, model, path, threads)
        return ours / _bare(model, threads)
    bare = _bare(model, threads)
    return _ours(launcher, model, path, threads) / bare


def _bare(model: ModelType, threads: int) -> float:
    command = [sys.executable, "-m", "benchmarks.bare_loop", model.name, str(threads)]
    return float(subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout)


def _ours(launcher: ForkServerLauncher, model: ModelType, path: Path, threads: int) -> float:
    sequence_length, image_size = shape_of(model, Size.DEFAULT)
    case = Case(
        model_type=model.name,
        family=model.family,
        task=model.task,
        size=Size.DEFAULT,
        backend="cpu",
        precision=Precision.FP32,
        batch_size=1,
        workload=Workload.INFERENCE,
        sequence_length=sequence_length,
        image_size=image_size,
        threads=threads,
    )
    environment_id = detect_environment().environment_id
    result = execute(
        launcher, case, 1, run_id="bench", skillset_path=str(path), protocol=_PROTOCOL, environment_id=environment_id
    )
    measured = result.measurement(Metric.LATENCY)
    if measured is None:
        raise LauncherFailure(result.failure.reason if result.failure else "The case returned no latency.")
    return median(measured.samples)
