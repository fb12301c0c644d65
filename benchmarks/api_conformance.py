"""Thousands of requests made from the API's own document to a real server, right and wrong ones, and every answer held
against it: whether its status, media type, headers and body are what the document says, and none is a server error."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figure import Figure, at_least, at_most
from benchmarks.served import ServerSilent, served
from engine.config import CHECKOUT

EXAMPLES = 40
"""Made at random for each operation, in addition to those that cover every limit."""
LEAST_CASES = 2000
_SECONDS = 1500


def run() -> list[Figure]:
    """Raises ServerSilent where the requests cannot be made, or the server does not answer."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-api-") as folder, served(Path(folder) / "home") as server:
        told, is_broken = _asked(server.url, Path(folder))
        server.get("/healthz")
    cases = re.search(r"(\d+) generated", told)
    if cases is None:
        raise ServerSilent(f"Schemathesis said nothing of its cases:\n{told[-3000:]}")
    failed = re.search(r"(\d+) unique failures?\b", told)
    if (failed is not None) != is_broken:
        raise ServerSilent(f"Schemathesis does not say how many answers were wrong:\n{told[-3000:]}")
    if failed is not None:
        print(told[-6000:], file=sys.stderr)
    return [
        at_least("API: requests made from its document", [float(cases[1])], "requests", LEAST_CASES),
        at_most("API: answers that are not as documented", [float(failed[1] if failed else 0)], "kinds", 0),
        at_most("API: server errors", [float(told.count("Server error"))], "answers", 0),
    ]


def _asked(url: str, folder: Path) -> tuple[str, bool]:
    """What schemathesis says, and whether it ended as it does where an answer is not as documented."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CHECKOUT / "schemathesis.toml")),
            *("run", f"{url}/api/openapi.json", "--no-color"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", "1"),
        ],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        cwd=folder,
    )
    if ended.returncode not in (0, 1):
        raise ServerSilent(f"Schemathesis ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return ended.stdout, ended.returncode == 1
