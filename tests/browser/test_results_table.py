"""The Comparison's heat map and table: what a click explains, and what the table keeps and gives away."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def comparison(visitor: Page) -> Page:
    opened(visitor)
    return visitor


def opened(page: Page, search: str = "") -> None:
    page.goto(f"/comparison{search}")
    expect(page.locator(".ag-row").first).to_be_visible()
    expect(page.locator("#comparison-count")).to_contain_text("case")


def models(page: Page) -> Locator:
    return page.locator(".ag-pinned-left-cols-container .ag-row")


def row(page: Page, index: int) -> Locator:
    return page.locator(f'.ag-center-cols-container .ag-row[row-index="{index}"]')


def head(page: Page, column: str) -> Locator:
    return page.locator(f'.ag-header-cell[col-id="{column}"]')


def heads(page: Page) -> list[str]:
    return page.locator(".ag-header-cell-text").all_inner_texts()


def click_cell(page: Page, index: int, columns: int = 2) -> None:
    """The cell at `index`, counted by rows."""
    page.locator("#comparison-heatmap .scatterlayer .point").nth(index).wait_for(state="attached")
    area = page.locator("#comparison-heatmap .nsewdrag").bounding_box()
    assert area is not None
    rows = page.locator("#comparison-heatmap .ytick").count()
    across, down = (index % columns + 0.5) / columns, (index // columns + 0.5) / rows
    page.mouse.click(area["x"] + area["width"] * across, area["y"] + area["height"] * down)


def download(page: Page, folder: Path) -> tuple[list[str], list[list[str]]]:
    """Comment lines, and rows with their head first."""
    with page.expect_download() as started:
        page.locator("#comparison-csv-button").click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line[0] == "#"], list(csv.reader(line for line in lines if line[0] != "#"))


def filter_models(page: Page, text: str) -> None:
    head(page, "model").hover()
    head(page, "model").locator(".ag-header-cell-filter-button").click()
    page.locator(".ag-filter input[type=text]").first.fill(text)


def test_a_cell_of_the_heat_map_and_a_row_of_the_table_take_turns(comparison: Page) -> None:
    details = comparison.locator("#comparison-details .card-title")
    expect(details).to_contain_text("Why “2.00x faster")
    row(comparison, 2).locator("[col-id=precision]").click()
    expect(comparison.locator("#comparison-details .card-subtitle")).to_contain_text("bert · cpu bf16 · batch 1")
    click_cell(comparison, 1)
    expect(details).to_have_text("text encoder on cpu bf16")
    expect(comparison.locator(".ag-row-selected")).to_have_count(0)
    row(comparison, 2).locator("[col-id=precision]").click()
    expect(comparison.locator("#comparison-details .card-subtitle")).to_contain_text("bert · cpu bf16 · batch 1")
    assert "case=" in str(comparison.evaluate("window.location.search"))


def test_a_family_leads_to_its_models_and_back(comparison: Page) -> None:
    click_cell(comparison, 1)
    comparison.locator("#comparison-details").get_by_role("link", name="roberta", exact=True).click()
    expect(comparison.locator("#comparison-details .card-subtitle")).to_contain_text("roberta · cpu bf16")
    comparison.go_back()
    expect(comparison.locator("#comparison-details .card-title")).to_contain_text("Why “")
    expect(comparison.locator("#comparison-heatmap .ytick").first).to_have_text("text encoder")


def test_a_failing_case_is_explained_from_the_table_when_there_is_no_heat_map(visitor: Page) -> None:
    opened(visitor, "?model=vit")
    expect(visitor.locator("#comparison-body")).to_contain_text("No latency was measured with these filters")
    row(visitor, 0).locator("[col-id=precision]").click()
    expect(visitor.locator("#comparison-details")).to_contain_text("must be <class 'torch.Tensor'>, not None")


def test_a_click_on_a_title_sorts_one_way_and_then_the_other(comparison: Page) -> None:
    for column in ("batch", "latency", "n"):
        for order in ("ascending", "descending"):
            head(comparison, column).click()
            expect(head(comparison, column)).to_have_attribute("aria-sort", order)


def test_a_filter_narrows_the_table_is_remembered_and_named_in_the_download(comparison: Page, tmp_path: Path) -> None:
    filter_models(comparison, "gpt")
    expect(models(comparison)).to_have_text(["gpt2"] * 4)
    comparison.keyboard.press("Escape")
    head(comparison, "batch").click()
    comparison.reload()
    expect(models(comparison)).to_have_text(["gpt2"] * 4)
    said, rows = download(comparison, tmp_path)
    assert "filters of the table: " in said[2] and '"filter": "gpt"' in said[2]
    assert [row[5] for row in rows] == ["batch", "1", "1", "8", "8"]


def test_columns_are_chosen_kept_and_downloaded(comparison: Page, tmp_path: Path) -> None:
    usual = heads(comparison)
    comparison.locator("summary", has_text="Columns").click()
    comparison.locator(".column-list label", has_text="Input").click()
    wider = [*usual[:6], "Input", *usual[6:]]
    expect(comparison.locator(".ag-header-cell-text")).to_have_text(wider)
    comparison.reload()
    expect(comparison.locator(".ag-header-cell-text")).to_have_text(wider)
    _, rows = download(comparison, tmp_path)
    assert rows[0][:7] == ["model", "family", "backend", "precision", "size", "batch", "input"]
    assert len(rows) == 1 + 22


def test_a_phone_and_a_view_without_figures_take_no_column_away(visitor: Page) -> None:
    visitor.set_viewport_size({"width": 390, "height": 844})
    opened(visitor)
    expect(visitor.locator(".ag-header-cell-text")).to_have_text(["Model", "Precision", "Batch", "Latency, ms"])
    visitor.set_viewport_size({"width": 1440, "height": 900})
    opened(visitor, "?model=vit")
    expect(head(visitor, "latency")).to_have_count(0)
    opened(visitor)
    expect(visitor.locator(".ag-header-cell-text")).to_have_count(14)
    assert heads(visitor)[6:8] == ["Workload", "Latency, ms"]


def test_a_table_that_remembers_late_shows_no_column_that_the_page_hides(visitor: Page) -> None:
    """The grid tells its state once more when it has started; on a slow machine that comes after the page's word."""
    opened(visitor, "?model=vit")
    everything = [{"colId": name, "hide": False} for name in ("model", "throughput", "latency", "peak_memory", "batch")]
    visitor.evaluate("state => window.dash_clientside.set_props('comparison-grid', {columnState: state})", everything)
    expect(visitor.locator(".ag-header-cell-text").nth(1)).to_have_text("Batch")
    expect(head(visitor, "latency")).to_have_count(0)
    expect(head(visitor, "throughput")).to_have_count(0)


def test_a_chart_becomes_its_table_and_both_can_be_taken_away(comparison: Page, tmp_path: Path) -> None:
    card = comparison.locator("#comparison-body .chart-card")
    card.get_by_role("button", name="Show as table").click()
    expect(card.locator(".chart-card-table th").nth(2)).to_have_text("cpu bf16")
    expect(card.locator(".chart-card-table td").nth(2)).to_have_text("2.00")
    with comparison.expect_download() as data:
        card.get_by_role("button", name="Download the data (CSV)").click()
    assert data.value.suggested_filename == "latency-by-family-ratio.csv"
    with comparison.expect_download(timeout=60_000) as picture:
        card.get_by_role("button", name="Download the picture (PNG)").click()
    path = tmp_path / picture.value.suggested_filename
    picture.value.save_as(path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_choosing_a_family_unfolds_it_into_its_models(comparison: Page) -> None:
    comparison.locator("#comparison-family").click()
    comparison.get_by_role("option", name="text encoder", exact=True).click()
    expect(comparison.locator("#comparison-heatmap .ytick")).to_have_text(["bert", "distilbert", "roberta"])
    expect(comparison.locator("#comparison-rows input:checked")).to_have_attribute("value", "model")
