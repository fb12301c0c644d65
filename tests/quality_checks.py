"""What `make lint` checks, begun while other tests run: it needs one core for a minute and nothing of theirs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
CHECKS = {
    "lint": [sys.executable, "-m", "ruff", "check", "."],
    "formatting": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "layers": [str(Path(sys.executable).parent / "lint-imports")],
}
PATIENCE = 600.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Started:
    process: subprocess.Popen[str]
    output: IO[str]

    def ended(self) -> tuple[int, str]:
        """Exit status and all that it said."""
        status = self.process.wait(PATIENCE)
        self.output.seek(0)
        return status, self.output.read()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.output.close()


def start(check: str) -> Started:
    output = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - it is closed by stop()
    return Started(
        subprocess.Popen(CHECKS[check], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, text=True), output
    )
