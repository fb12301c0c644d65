"""optimum-benchmark in its own virtual environment: what ours is held against."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import CHECKOUT
from engine.errors import EngineError

_PEER = CHECKOUT / ".cache" / "peer"
_REQUIREMENTS = Path(__file__).with_name("peer_requirements.txt")


class PeerFailed(EngineError):
    """The other benchmark did not do what it was asked for."""

    title = "optimum-benchmark failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSettings:
    """A BERT of this configuration at batch size 1, and how it is measured."""

    config: Mapping[str, Any]
    """What differs from the library's defaults."""
    sequence_length: int
    warmup: int
    iterations: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCase:
    seconds: float
    """Wall time of the whole case, its process included."""
    latency: float
    """Median over the iterations."""


class Peer:
    """Their driver, which measures one case at a time in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], settings: PeerSettings) -> None:
        self._process = process
        self._settings = settings

    def case(self) -> PeerCase:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("case\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):
                answer = json.loads(line)
                if answer["iterations"] != self._settings.iterations:
                    raise PeerFailed(
                        f"It did {answer['iterations']} iterations, {self._settings.iterations} were asked for."
                    )
                return PeerCase(seconds=answer["seconds"], latency=answer["latency"])
        raise PeerFailed("Its driver ended; run benchmarks/peer_driver.py by hand to see why.")


@contextmanager
def open_peer(folder: Path, settings: PeerSettings) -> Iterator[Peer]:
    """`folder` is where its model is saved."""
    driver = Path(__file__).with_name("peer_driver.py")
    process = subprocess.Popen(
        [_peer_python(), driver, folder / "peer-bert"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
    )
    told = {
        "config": dict(settings.config),
        "warmup": settings.warmup,
        "iterations": settings.iterations,
        "sequence_length": settings.sequence_length,
        "threads": settings.threads,
    }
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        yield Peer(process, settings)
    finally:
        process.kill()
        process.wait()


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
