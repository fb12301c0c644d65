"""What a newcomer waits for: the first measurement, the first page of the second start; and what the server holds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks.figure import Figure, at_most
from benchmarks.served import Served, ServerSilent, served
from scripts.find_chromium import find

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 5
TABS = ("/", "/comparison", "/live-runs", "/reports", "/predict")
_MIB = 2**20


def run() -> list[Figure]:
    """Each round begins with an empty home; Chromium is needed to see pages as people do."""
    from playwright.sync_api import sync_playwright

    chromium = find()
    if chromium.path is None:
        raise ServerSilent(f"Pages cannot be seen without a browser: {chromium.explanation}")
    first_result, first_page, answered, at_rest, after_tabs = [], [], [], [], []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="modeldyno-bench-") as folder:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=["--no-sandbox", "--disable-gpu"])
        for number in range(ROUNDS):
            home = Path(folder) / str(number)
            with served(home, "--first-run") as server:
                first_result.append(server.seconds_until(lambda: _results(server) > 0, "A first result", limit=180))
            with served(home, "--first-run") as server:
                before = _results(server)
                answered.append(server.seconds_until(lambda: _answers(server), "The first page", limit=60))
                first_page.append(_seen(browser, server))
                at_rest.append(server.resident_bytes() / _MIB)
                for tab in TABS:
                    _visit(browser, server.url + tab)
                after_tabs.append(server.resident_bytes() / _MIB)
                if _results(server) != before or server.get("/api/benchmark/runs")["runs"][0]["number"] != 1:
                    raise ServerSilent("The second start measured again, which it must not.")
        browser.close()
    return [
        at_most("first start: first result stored", first_result, "s", 60),
        at_most("second start: first page answered", answered, "s", 2),
        Figure(name="second start: first chart visible in a fresh Chromium", values=tuple(first_page), unit="s"),
        at_most("server at rest, resident", at_rest, "MiB", 300),
        at_most("server after every tab was opened, resident", after_tabs, "MiB", 300),
    ]


def _results(server: Served) -> int:
    return len(server.get("/api/benchmark/query?limit=1000")["results"])


def _answers(server: Served) -> bool:
    """The page and the two documents that Dash fetches before it draws anything."""
    paths = ("/", "/_dash-layout", "/_dash-dependencies")
    return all(httpx.get(server.url + path, timeout=30).status_code == 200 for path in paths)


def _seen(browser: Browser, server: Served) -> float:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(server.url)
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
    seconds = server.seconds_until(lambda: True, "The first chart", limit=120)
    page.close()
    return seconds


def _visit(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(url)
    page.wait_for_selector("main .page", timeout=60_000)
    page.wait_for_timeout(500)
    page.close()
