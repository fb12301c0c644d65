"""A newcomer's way through Live Runs and Reports: a tiny real run, its report, a question to the database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

RUN_SECONDS = 120_000
"""Includes the first import of torch on a busy machine."""
TINY = "/live-runs?models=bert&size=tiny&batch_sizes=1"


def start(page: Page, server: str, query: str = TINY) -> None:
    page.goto(server + query)
    page.locator("#start-run:not([disabled])").click(timeout=RUN_SECONDS)


def test_a_run_is_planned_started_and_watched_to_its_end(page: Page, server: str, complaints: list[str]) -> None:
    page.goto(server + TINY)
    expect(page.locator("#plan-preview")).to_contain_text(re.compile("1 case, which runs"), timeout=RUN_SECONDS)
    page.locator("#start-run").click()
    expect(page.locator("#run-sentence")).to_contain_text("1 of 1 case measured", timeout=RUN_SECONDS)
    expect(page.locator(".run-body .case-table")).to_contain_text("after 3 processes")
    expect(page.locator(".finished-table tbody tr")).to_have_count(1)


def test_the_report_of_a_run_downloads_and_opens_offline(
    page: Page, server: str, complaints: list[str], tmp_path: Path
) -> None:
    page.goto(server + "/reports")
    page.locator("#report-make").click()
    with page.expect_download() as download:
        page.locator(".report-ready a").click(timeout=30_000)
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    page.context.set_offline(True)
    page.goto(path.as_uri())
    expect(page.locator("h1")).to_contain_text("bert")
    expect(page.locator("table.results").first.locator("tbody tr")).to_have_count(1)


def test_a_question_is_answered_with_the_keyboard_alone(page: Page, server: str, complaints: list[str]) -> None:
    page.goto(server + "/reports")
    page.locator("#sql-editor").fill("SELECT model_type, count(*) AS n FROM results GROUP BY ALL")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".sql-answer .ag-row")).to_have_count(1, timeout=30_000)
    expect(page.locator("#sql-outcome")).to_contain_text("1 row in")
    page.locator("#sql-editor").fill("DELETE FROM results")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".sql-answer .error-notice")).to_contain_text("Query refused", timeout=30_000)


def test_a_run_is_cancelled_and_keeps_what_it_measured(page: Page, server: str, complaints: list[str]) -> None:
    start(page, server, "/live-runs?models=bert,gpt2,vit&size=tiny&batch_sizes=2,4,8,16,32")
    page.locator("#cancel-button").click(timeout=RUN_SECONDS)
    page.locator("#cancel-confirm").click()
    expect(page.locator("#run-sentence")).to_contain_text("was cancelled", timeout=10_000)
    expect(page.locator(".finished-table")).to_contain_text("Resume the")


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("tab", ["/live-runs", "/reports"])
def test_nothing_scrolls_sideways(page: Page, server: str, complaints: list[str], tab: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(server + tab)
    expect(page.locator("main .dyno-card").nth(1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_updates_and_the_end_of_a_run_keep_the_focus(page: Page, server: str, complaints: list[str]) -> None:
    start(page, server, "/live-runs?models=bert&size=tiny&batch_sizes=3,6")
    page.locator("#cancel-button").focus(timeout=RUN_SECONDS)
    row = page.locator(".run-body .case-table tbody tr").first
    expect(row).to_be_visible(timeout=RUN_SECONDS)
    row.evaluate("row => { row.isTheSame = true }")
    expect(row).not_to_have_text(row.text_content() or "", timeout=RUN_SECONDS)
    assert page.evaluate("document.activeElement.id") == "cancel-button"
    assert row.evaluate("row => row.isTheSame") is True
    expect(page.locator("#run-sentence")).to_contain_text("2 of 2 cases measured", timeout=RUN_SECONDS)
    expect(page.locator(".run-tools :focus")).to_be_visible()
