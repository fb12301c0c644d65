"""What becomes of a command whose standard streams are not what they usually are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.cli import processes

MANY = "select * from range(30000) order by 1"
"""More than a pipe holds."""
FULL = Path("/dev/full")
needs_a_full_device = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


@pytest.mark.parametrize("style", ["csv", "json"])
def test_a_reader_who_has_seen_enough_is_no_failure(stored: Path, style: str) -> None:
    process = processes.start("query", MANY, "--format", style, home=stored)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(processes.PATIENCE) == 0


@needs_a_full_device
def test_a_full_disk_behind_standard_output_is_told(stored: Path) -> None:
    with FULL.open("w") as full:
        status, _, errors = processes.run("results", "--format", "csv", home=stored, stdout=full)
    assert status == 1
    assert errors.startswith("Output not written: Standard output took no more (No space left on device).")
    assert errors.count("\n") == 1


@needs_a_full_device
def test_work_goes_on_when_nobody_can_be_told(fresh: Path) -> None:
    with FULL.open("w") as full:
        status, output, _ = processes.run("generate", "--model", "bert", "--no-verify", home=fresh, stderr=full)
    assert status == 0
    assert "rendered" in output


def test_closed_streams_do_not_stop_a_command(fresh: Path) -> None:
    command = '"$0" -m engine generate --model bert --no-verify <&- >&- 2>&-'
    environment = {**os.environ, "MODELDYNO_HOME": str(fresh)}
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=processes.ROOT, env=environment, check=False)
    assert done.returncode == 0
    assert (fresh / "skillsets" / "hf_bert.py").is_file()
    assert (fresh / "modeldyno.duckdb").read_bytes()[8:12] == b"DUCK"


def test_signs_that_the_terminal_does_not_know_are_written_as_numbers(stored: Path) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    status, output, _ = processes.run(
        "query", "select chr(8212) as dash", "--format", "csv", home=stored, environment=ascii_only
    )
    assert (status, output) == (0, "dash\n\\u2014\n")


def test_an_unknown_log_level_is_wrong_usage(stored: Path) -> None:
    status, output, errors = processes.run("results", home=stored, environment={"MODELDYNO_LOG_LEVEL": "loud"})
    assert (status, output) == (2, "")
    assert "$MODELDYNO_LOG_LEVEL 'LOUD' is no level. Choose from: DEBUG, INFO" in errors
