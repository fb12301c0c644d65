from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.reports.content import ReportContent
from engine.reports.html import render_html

pytestmark = pytest.mark.browser


@pytest.fixture
def report(content: ReportContent, tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    path.write_bytes(render_html(content))
    return path.as_uri()


def test_report_opens_from_disk_without_errors_and_reaches_nothing(report: str, page: Page) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report)
    page.wait_for_selector(".chart .main-svg")
    assert said == []
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []
    charts, drawn = page.locator(".chart").count(), page.locator(".chart:has(.main-svg)").count()
    assert charts == drawn > 0


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_report_fits_its_window(report: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(report)
    page.wait_for_selector(".chart .main-svg")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_report_keeps_its_tables_without_javascript(report: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert page.locator("table.results tbody tr").count() == 8
    assert page.get_by_text("The charts need JavaScript").is_visible()
    context.close()
