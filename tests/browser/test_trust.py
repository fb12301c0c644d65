"""Calibrating from the page: it begins, says how far it has come, and stops when told to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
PATIENCE = 30_000


def test_a_calibration_is_started_followed_and_cancelled(page: Page, server: str, complaints: list[str]) -> None:
    page.goto(f"{server}/trust")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not known yet", timeout=PATIENCE)
    expect(page.get_by_text("modeldyno doctor")).to_be_visible()
    cancel, start = page.get_by_role("button", name="Cancel"), page.get_by_role("button", name="Calibrate now")
    expect(cancel).to_be_hidden()
    start.click()
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=PATIENCE)
    expect(start).to_be_hidden()
    cancel.click()
    expect(start).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text("not known yet")
