"""The Electron example's own tests, which need Node alone: its windows over a stand-in, its server for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import CHECKOUT

EXAMPLE = CHECKOUT / "examples" / "electron"
LEAST_VERSION = 20
"""Electron's own is newer; older ones lack what the tests are written with."""


def _node() -> tuple[str | None, str]:
    """A Node that is new enough, that of the machine or the one that playwright brings; or why there is none."""
    candidates = [shutil.which("node")]
    try:
        from playwright._impl._driver import compute_driver_executable

        candidates.append(str(compute_driver_executable()[0]))
    except ImportError:
        candidates.append(None)
    found = []
    for path in [path for path in candidates if path is not None and Path(path).exists()]:
        version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30).stdout.strip()
        if int(version.lstrip("v").partition(".")[0] or 0) >= LEAST_VERSION:
            return path, version
        found.append(version)
    return None, f"Node {LEAST_VERSION} or newer is not here (found: {', '.join(found) or 'none'})"


@pytest.fixture(scope="module")
def node() -> str:
    path, explanation = _node()
    if path is None:
        pytest.skip(explanation)
    return path


@pytest.mark.parametrize("name", ["server", "shell"])
def test_the_main_process(node: str, name: str) -> None:
    done = subprocess.run(
        [node, "--test", str(EXAMPLE / "test" / f"{name}.test.js")],
        env=os.environ | {"MODELDYNO_PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "# pass 0\n" not in done.stdout and "# skipped 0\n" in done.stdout


@pytest.mark.parametrize("path", sorted(EXAMPLE.rglob("*.js")), ids=lambda path: path.name)
def test_every_script_is_one(node: str, path: Path) -> None:
    subprocess.run([node, "--check", str(path)], check=True, capture_output=True, timeout=30)
