"""What a process of its own costs per case: ours against optimum-benchmark's process launcher, in turns."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.figure import Figure, at_least
from engine.backends.cores import usable_physical_cores
from engine.benchmarking.execute import execute
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.registry import load_catalog, shape_of
from engine.config import CHECKOUT
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.run import Protocol
from engine.errors import EngineError
from engine.skillsets.render import recipe_for, render
from engine.skillsets.write import write
from engine.workflows.case_facts import default_case

ROUNDS = 7
OURS_PER_ROUND = 5
GOAL = 30.0
_WARMUP, _ITERATIONS = 2, 10
_PROTOCOL = Protocol(processes=1, warmup=_WARMUP, min_iterations=_ITERATIONS, max_iterations=_ITERATIONS)
_PEER = CHECKOUT / ".cache" / "peer"
_REQUIREMENTS = Path(__file__).with_name("peer_requirements.txt")


class PeerFailed(EngineError):
    """The other benchmark did not do what it was asked for."""

    title = "optimum-benchmark failed"


def run() -> list[Figure]:
    """Each round: some of our cases, then one of theirs. Model, shape, threads and iterations are the same."""
    python = _peer_python()
    with tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as name:
        folder = Path(name)
        with _peer(python, folder) as peer, _ours(folder) as our_case:
            _peer_case(peer)  # files come into the page cache, and their driver has imported what it needs
            our_case()
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                for _ in range(OURS_PER_ROUND):
                    our_case()
                ours.append((time.perf_counter() - started) / OURS_PER_ROUND)
                theirs.append(_peer_case(peer))
    return [
        Figure(name="tiny bert in a process of its own, ModelDyno", values=tuple(ours), unit="s"),
        Figure(name="the same, optimum-benchmark 0.6 with its process launcher", values=tuple(theirs), unit="s"),
        at_least("cases per minute, ours over theirs", [b / a for a, b in zip(ours, theirs, strict=True)], "x", GOAL),
    ]


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


@contextmanager
def _peer(python: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Their driver, told what to measure."""
    driver = Path(__file__).with_name("peer_driver.py")
    process = subprocess.Popen(
        [python, driver, folder / "tiny-bert"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    )
    sequence_length, _ = shape_of(load_catalog(folder / "cache").get("bert"), Size.TINY)
    settings = {
        "tiny": dict(recipe_for(load_catalog(folder / "cache").get("bert")).tiny),
        "warmup": _WARMUP,
        "iterations": _ITERATIONS,
        "sequence_length": sequence_length,
        "threads": usable_physical_cores(),
    }
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()


def _peer_case(peer: subprocess.Popen[str]) -> float:
    assert peer.stdin is not None and peer.stdout is not None
    peer.stdin.write("case\n")
    peer.stdin.flush()
    for line in peer.stdout:
        if line.startswith("{"):
            answer = json.loads(line)
            if answer["iterations"] != _ITERATIONS:
                raise PeerFailed(f"It did {answer['iterations']} iterations, {_ITERATIONS} were asked for.")
            return float(answer["seconds"])
    raise PeerFailed("Its driver ended; run benchmarks/peer_driver.py by hand to see why.")


def _peer_python() -> Path:
    """Their interpreter; its environment is made on first use and takes some minutes."""
    python = _PEER / "bin" / "python"
    mark = _PEER / ".ready"
    if not mark.exists():
        subprocess.run([sys.executable, "-m", "venv", _PEER], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--requirement", str(_REQUIREMENTS)], check=True)
        mark.touch()
    return python
