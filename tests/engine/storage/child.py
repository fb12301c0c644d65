"""Runs Python in a real process of its own, with the project importable."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(code: str, *arguments: str, timeout: float = 60) -> str:
    """Standard output of a process that must succeed."""
    process = start(code, *arguments)
    output, errors = process.communicate(timeout=timeout)
    assert process.returncode == 0, errors
    return output
