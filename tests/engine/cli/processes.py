"""The command line as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0


def start(*arguments: object, home: Path, **options: Any) -> subprocess.Popen[str]:
    """`modeldyno` with its own home, in a process group of its own; both outputs are pipes unless `options` differ."""
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    environment = {**os.environ, "MODELDYNO_HOME": str(home), **options.pop("environment", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        text=True,
        start_new_session=True,
        **(streams | {"preexec_fn": _heed_interrupts} | options),
    )


def _heed_interrupts() -> None:
    """As in a terminal: a shell's background jobs, such as a test run may be, ignore Ctrl-C and pass that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(*arguments: object, home: Path, **options: Any) -> tuple[int, str, str]:
    """Exit status, standard output and standard error; an output that is no pipe reads as empty."""
    process = start(*arguments, home=home, **options)
    output, errors = rest_of(process)
    return process.returncode, output, errors


def rest_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a process still says until it ends; one that does not end is killed with all it started."""
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return output or "", errors or ""


def read_until(process: subprocess.Popen[str], is_it: Callable[[str], bool]) -> list[str]:
    """The lines on standard error up to and with the first that `is_it` accepts."""
    lines: list[str] = []
    assert process.stderr is not None
    while not (lines and is_it(lines[-1])):
        line = process.stderr.readline()
        assert line, f"it ended first: {lines}"
        lines.append(line)
    return lines


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ctrl-C as a terminal sends it, to the whole group; what the process still had to say."""
    os.killpg(process.pid, signal.SIGINT)
    return rest_of(process)


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def survivors(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run a second later; a zombie that waits for its parent does not run."""
    deadline = time.monotonic() + 1.0
    while (alive := [found for found in processes if _runs(found)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
