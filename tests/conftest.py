"""What every test may ask for: a home of its own, a browser, and the marks that say what a test needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.config import Settings
from scripts.find_chromium import find

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose every path lies under the test's own folder."""
    return Settings.load(home=tmp_path / "home")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of a Chromium that starts; the test is skipped with the reason where there is none."""
    finding = find()
    if finding.path is None:
        pytest.skip(f"no browser: {finding.explanation}")
    return finding.path


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """One headless Chromium for the whole test run."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*quiet, "--disable-sync"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own, 1440 pixels wide; downloads are accepted."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield context.new_page()
    context.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    needs = {
        "gpu": None if Path("/dev/nvidia0").exists() else "no NVIDIA GPU here",
        "network": None if os.environ.get("MODELDYNO_TEST_NETWORK") == "1" else "set MODELDYNO_TEST_NETWORK=1",
    }
    for item in items:
        for mark, reason in needs.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))
        if item.get_closest_marker("browser") and "chromium" not in item.fixturenames:
            item.fixturenames.insert(0, "chromium")
