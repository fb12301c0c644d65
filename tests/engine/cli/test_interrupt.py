"""Ctrl-C and SIGTERM, at every stage of a real process."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.engine.cli import processes
from tests.engine.cli.conftest import A_TINY_BERT, Cli, Measured

ENDLESS = "select count(*) from range(1000000000) a, range(1000000000) b where a.range * b.range % 7 = 3"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_is_only_starting_ends_without_a_traceback(stored: Path, number: signal.Signals) -> None:
    process = processes.start("results", home=stored)
    handlers = Path(f"/proc/{process.pid}/status")
    while not _catches(handlers, signal.SIGTERM):
        time.sleep(0.001)
    process.send_signal(number)
    output, errors = processes.rest_of(process)
    assert (process.returncode, output) == (130, "")
    assert errors.strip() == "Interrupted."


def test_ctrl_c_keeps_what_was_measured_and_leaves_no_process(cli: Cli, measured: Measured) -> None:
    process = processes.start(
        "benchmark",
        *(*A_TINY_BERT, "--batch-sizes", "4", "--runs", "50", "--json"),
        *("--skillset-dir", measured.skillsets),
        home=measured.home,
    )
    lines = processes.read_until(process, lambda line: line.startswith("[1/50]"))
    family = processes.descendants(process)
    output, errors = processes.interrupt(process)
    assert process.returncode == 130
    assert len(family) >= 1 and processes.survivors(family) == []
    answer = json.loads(output)
    assert answer["status"] == "cancelled"
    assert 1 <= answer["completed"] < 50
    assert f"Cancelling run {answer['number']}; finished results are kept." in errors
    assert "Traceback" not in "".join(lines) + errors
    kept = cli(
        "results", "--run", answer["number"], "--status", "completed", "--benchmark-dir", measured.home, "--json"
    )
    assert len(kept.json) == answer["completed"]


def test_being_told_to_stop_ends_a_query_and_its_sandbox(stored: Path) -> None:
    process = processes.start("query", ENDLESS, home=stored)
    deadline = time.monotonic() + processes.PATIENCE
    while not (family := processes.descendants(process)) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.terminate()
    output, errors = processes.rest_of(process)
    assert (process.returncode, output) == (130, "")
    assert errors.strip() == "Interrupted."
    assert len(family) >= 1 and processes.survivors(family) == []


def test_a_background_job_does_not_hear_the_terminal(stored: Path) -> None:
    """A shell without job control starts `command &` deaf to Ctrl-C; that must stay so."""
    process = processes.start("query", "select 1 as one", "--format", "csv", home=stored, preexec_fn=_ignore_interrupts)
    while not _catches(Path(f"/proc/{process.pid}/status"), signal.SIGTERM):
        time.sleep(0.001)
    output, _ = processes.interrupt(process)
    assert (process.returncode, output) == (0, "one\n1\n")


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _catches(status: Path, number: signal.Signals) -> bool:
    """Whether a process has a handler for `number` (Linux)."""
    try:
        lines = status.read_text().splitlines()
    except (OSError, psutil.Error) as error:
        raise AssertionError("it ended before it was told to") from error
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
    return bool(caught >> (number - 1) & 1)
