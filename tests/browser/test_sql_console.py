"""The SQL grid: what it shows of numbers, and what its file holds."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_numbers_are_shown_whole_and_only_text_is_kept_from_being_a_formula(visitor: Page, tmp_path: Path) -> None:
    visitor.goto("/reports")
    visitor.locator("#sql-editor").fill(
        "select 1764034879.25::double as epoch, 123456.789::double as small, 1 / 0.0 as beyond, "
        "-5000000000000000000000::hugeint as far, '=1+1' as words"
    )
    visitor.locator("#sql-editor").blur()
    visitor.get_by_role("button", name="Run", exact=True).click()
    cells = visitor.locator("#sql-answer .ag-row .ag-cell")
    expect(cells).to_have_text(["1764034879.25", "123457", "inf", "-5000000000000000000000", "=1+1"])
    with visitor.expect_download() as downloading:
        visitor.locator("#sql-csv").click()
    downloading.value.save_as(tmp_path / "answer.csv")
    (row,) = csv.DictReader((tmp_path / "answer.csv").open(encoding="utf-8-sig"))
    assert list(row.values()) == ["1764034879.25", "123456.789", "inf", "-5000000000000000000000", "'=1+1"]
