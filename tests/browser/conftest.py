"""The real server over a home of its own, as `python -m app` starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from engine.config import CHECKOUT, Settings
from tests.browser.measured_database import fill

START_SECONDS = 60.0
PATIENCE = 20_000
"""Milliseconds; enough to train a predictor on a busy machine."""


@contextmanager
def serving(home: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Where a dashboard over the database in `home` listens; `environment` adds to this process's own."""
    command = [sys.executable, "-m", "app", "--home", str(home), "--port", "0", *arguments]
    log = home / "server.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=CHECKOUT, env=os.environ | (environment or {}), stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Where a dashboard over an empty database listens."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-") as home, serving(Path(home)) as address:
        yield address


@pytest.fixture(scope="session")
def measured_server() -> Iterator[str]:
    """Where a dashboard over a database full of measurements listens; tests only look at it."""
    with tempfile.TemporaryDirectory(prefix="modeldyno-") as home:
        fill(Settings.load(home=Path(home)))
        with serving(Path(home)) as address:
            yield address


@pytest.fixture(scope="module")
def shared_context(browser: Browser, measured_server: str) -> Iterator[BrowserContext]:
    """Keeps scripts between tests; addresses are paths of the measured server."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, accept_downloads=True, base_url=measured_server
    )
    yield context
    context.close()


@pytest.fixture
def visitor(shared_context: BrowserContext) -> Iterator[Page]:
    """A page of the measured server that waits long, remembers nothing from before and has nothing to complain of."""
    page = shared_context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    said = _listen(page)
    yield page
    expect.set_options(timeout=5_000)
    page.evaluate("window.localStorage.clear()")
    page.close()
    assert said == []


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Console errors and warnings, failed requests and requests that leave this machine; none are expected."""
    said = _listen(page)
    yield said
    assert said == []


def _listen(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda answer: said.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("request", lambda request: said.append(request.url) if _leaves(request.url) else None)
    return said


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
