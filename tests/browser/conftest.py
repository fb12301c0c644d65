"""The real server over a home of its own, as `python -m app` starts it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from engine.config import CHECKOUT

START_SECONDS = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Where a dashboard over an empty database listens."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-") as home:
        command = [sys.executable, "-m", "app", "--home", home, "--port", "0"]
        log = Path(home) / "server.log"
        with (
            log.open("w") as output,
            subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT) as process,
        ):
            try:
                yield _address(process, log)
            finally:
                process.terminate()
                process.wait(30)


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Console errors and warnings, failed requests and requests that leave this machine; none are expected."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda answer: said.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("request", lambda request: said.append(request.url) if _leaves(request.url) else None)
    yield said
    assert said == []


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return found.group()
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"The server did not start:\n{log.read_text()}")


def _leaves(address: str) -> bool:
    return not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "file:"))
