"""Requests made from the API's own document, right and wrong ones, and every answer held against it.

`python -m benchmarks api_conformance` sends thousands to a server that measures; here each operation gets a few.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from engine.config import CHECKOUT

LEAST_CASES = 300


def test_answers_are_what_the_document_says(address: str, tmp_path: Path) -> None:
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CHECKOUT / "schemathesis.toml")),
            *("run", f"http://{address}/api/openapi.json"),
            *("--phases", "coverage,fuzzing", "--max-examples", "4", "--seed", "1", "--no-color"),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=tmp_path,
    )
    assert asked.returncode == 0, asked.stdout[-6000:] + asked.stderr[-2000:]
    made = re.search(r"(\d+) generated, \1 passed", asked.stdout)
    assert made is not None and int(made[1]) >= LEAST_CASES, asked.stdout[-1000:]
