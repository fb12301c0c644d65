"""The five tabs over a database of measurements, as a person meets them: addresses, keys, charts and downloads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE

pytestmark = pytest.mark.browser


def query(page: Page) -> str:
    return str(page.evaluate("window.location.search"))


def choose(page: Page, switch: str, label: str) -> None:
    page.locator(f"{switch} label").get_by_text(label, exact=True).click()


def pick(page: Page, chip: str, option: str) -> None:
    page.locator(f"#{chip}").click()
    page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.parametrize(
    ("path", "title", "content"),
    [
        ("/", "Overview", "cpu bf16 runs bert 2.00x faster than cpu fp32."),
        ("/comparison", "Comparison", "cpu bf16 is 2.00x faster than cpu fp32 over 5 model types."),
        ("/live-runs", "Live Runs", "1 finished run"),
        ("/reports", "Reports", "Make a report"),
        ("/predict", "Predict", "per batch, between"),
    ],
)
def test_a_tab_loads_from_this_machine_alone_and_fits_a_desk_and_a_phone(
    visitor: Page, path: str, title: str, content: str
) -> None:
    visitor.goto(path)
    expect(visitor.locator("main")).to_contain_text(content)
    expect(visitor).to_have_title(f"{title} · ModelDyno")
    expect(visitor.locator("#notices")).to_be_empty()
    assert query(visitor) == ""
    for width in (1440, 390):
        visitor.set_viewport_size({"width": width, "height": 844})
        expect(visitor.locator("html")).to_have_js_property("scrollWidth", width)


@pytest.mark.parametrize("path", ["/", "/comparison"])
def test_on_a_phone_the_opened_filters_tell_whose_figures_these_are(visitor: Page, path: str) -> None:
    """The way to figures of other machines is in that count."""
    visitor.set_viewport_size({"width": 390, "height": 844})
    visitor.goto(path)
    count = visitor.locator(".filter-count")
    expect(count).to_contain_text(re.compile("[0-9] (cases|results)"))
    expect(count).to_be_hidden()
    visitor.locator(".filter-sheet-button").click()
    expect(count).to_be_visible()
    expect(visitor.locator("html")).to_have_js_property("scrollWidth", 390)


def test_the_metric_switch_changes_every_chart(visitor: Page) -> None:
    visitor.goto("/")
    subtitles = visitor.locator(".chart-card .card-subtitle")
    expect(subtitles.first).to_have_text(re.compile("^Latency"))
    ticks = visitor.locator("#overview-comparison-chart .xtick").last
    expect(ticks).to_have_text("40 ms")
    choose(visitor, "#overview-metric", "Throughput")
    expect(subtitles.first).to_have_text(re.compile("^Throughput"))
    assert [text.split(" ")[0].rstrip(",") for text in subtitles.all_inner_texts()] == ["Throughput"] * 3
    expect(ticks).to_have_text(re.compile("items/s$"))


def test_filters_stand_in_the_address_and_survive_a_reload(visitor: Page) -> None:
    visitor.goto("/?batch=8")
    pick(visitor, "overview-model", "gpt2")
    expect(visitor.locator("h1")).to_contain_text("runs gpt2")
    choose(visitor, "#overview-metric", "Memory")
    expect(visitor.locator("h1")).to_contain_text("runs gpt2 in")
    assert query(visitor) == "?model=gpt2&batch=8&metric=peak_memory"
    before = visitor.locator("h1").inner_text()
    visitor.reload()
    expect(visitor.locator("h1")).to_have_text(before)
    expect(visitor.locator("#overview-model")).to_contain_text("gpt2")
    expect(visitor.locator("#overview-batch")).to_contain_text("8")


@pytest.mark.parametrize(
    ("path", "switch", "label", "shown"),
    [
        ("/", "#overview-metric", "Memory", "#overview-head h1"),
        ("/comparison", "#comparison-mode", "Absolute", "#comparison-body .card-subtitle"),
    ],
)
def test_back_and_forward_go_through_what_was_chosen(
    visitor: Page, path: str, switch: str, label: str, shown: str
) -> None:
    visitor.goto(path)
    place = visitor.locator(shown)
    expect(visitor.locator(switch)).to_be_visible()
    first = place.inner_text()
    choose(visitor, switch, label)
    expect(place).not_to_have_text(first)
    expect(visitor).to_have_url(re.compile(r"\?."))
    second, changed = place.inner_text(), query(visitor)
    visitor.go_back()
    expect(place).to_have_text(first)
    assert query(visitor) == ""
    visitor.go_forward()
    expect(place).to_have_text(second)
    assert query(visitor) == changed


def test_back_leaves_a_tab_with_one_press(visitor: Page) -> None:
    visitor.goto("/reports")
    visitor.locator(".tab-link", has_text="Comparison").click()
    expect(visitor.locator("#comparison-body .chart")).to_be_visible()
    expect(visitor.locator(".ag-row").first).to_be_visible()
    visitor.go_back()
    expect(visitor.locator("#report-make")).to_be_visible()


def test_the_theme_is_switched_and_remembered(visitor: Page) -> None:
    visitor.goto("/")
    root, chart = visitor.locator("html"), visitor.locator("#overview-comparison-chart .ytick text").first
    expect(chart).to_be_visible()
    before, ink = root.get_attribute("data-bs-theme"), chart.evaluate("node => getComputedStyle(node).fill")
    visitor.locator("#theme-button").click()
    other = "light" if before == "dark" else "dark"
    expect(root).to_have_attribute("data-bs-theme", other)
    expect(chart).not_to_have_css("fill", ink)
    visitor.reload()
    expect(root).to_have_attribute("data-bs-theme", other)
    expect(chart).to_be_visible()
    visitor.keyboard.press("t")
    expect(root).to_have_attribute("data-bs-theme", str(before))


def go_by_keys(visitor: Page, key: str, path: str, tries: int = 3) -> None:
    """Again where a busy page took the second key of the chord too late: each key is sent once the last was taken."""
    current = visitor.locator(".tab-link[aria-current]")
    for _ in range(tries):
        visitor.keyboard.press("g")
        visitor.keyboard.press(key)
        try:
            return expect(current).to_have_attribute("href", path, timeout=PATIENCE / tries)
        except AssertionError:
            continue
    expect(current).to_have_attribute("href", path, timeout=1)


def test_keys_go_to_tabs_and_open_the_help_unless_somebody_types(visitor: Page) -> None:
    visitor.goto("/reports")
    expect(visitor.locator("#report-make")).to_be_visible()
    visitor.keyboard.press("?")
    expect(visitor.locator("#help-dialog")).to_be_visible()
    visitor.keyboard.press("Escape")
    expect(visitor.locator("#help-dialog")).to_be_hidden()
    drawn = {"c": ".ag-row", "o": ".kpi-tile", "p": "#predict-answer h1", "r": "#report-make"}
    for key, path in (("c", "/comparison"), ("o", "/"), ("p", "/predict"), ("r", "/reports")):
        go_by_keys(visitor, key, path)
        expect(visitor.locator(f"main {drawn[key]}").first).to_be_visible()
    visitor.locator("#sql-editor").fill("")
    visitor.keyboard.type("g c ? / t")
    assert visitor.locator("#sql-editor").input_value() == "g c ? / t"
    expect(visitor.locator(".tab-link[aria-current]")).to_have_text("Reports")


def test_the_search_finds_a_case_with_the_keyboard_alone(visitor: Page) -> None:
    visitor.goto("/reports")
    expect(visitor.locator("#report-make")).to_be_visible()
    visitor.keyboard.press("/")
    expect(visitor.locator("#search")).to_be_focused()
    visitor.keyboard.insert_text("gpt2 bf16 batch 8")
    expect(visitor.locator(".search-hit")).to_have_count(1)
    visitor.keyboard.press("ArrowDown")
    visitor.keyboard.press("Enter")
    expect(visitor.locator("#comparison-details")).to_contain_text("gpt2 · cpu bf16 · batch 8")
    expect(visitor.locator("#search-results")).to_be_empty()


def test_a_model_that_was_never_measured_leads_to_the_filled_start_form(visitor: Page) -> None:
    visitor.goto("/?model=bart&precision=bf16&batch=4")
    expect(visitor.locator(".empty-state")).to_contain_text("No result for bart, bf16, batch 4 yet")
    visitor.get_by_role("link", name="Measure it").click()
    expect(visitor.locator("#form-batch-sizes")).to_have_value("4")
    expect(visitor.locator("#form-models")).to_contain_text("bart")


def test_the_prediction_answers_and_says_what_is_missing(visitor: Page) -> None:
    visitor.goto("/predict")
    visitor.locator("#predict-batch-size").fill("16")
    visitor.locator("#predict-button").click()
    expect(visitor.locator("#predict-answer h1")).to_contain_text(re.compile(r"^Expect \d+"))
    expect(visitor.locator("#predict-answer")).to_contain_text("batch 16")
    assert "batch_size=16" in query(visitor)
    visitor.locator("#predict-batch-size").fill("sixteen")
    visitor.keyboard.press("Enter")
    expect(visitor.locator("#predict-answer .error-notice")).to_contain_text(
        "Batch size 'sixteen' is not a whole number"
    )
    visitor.goto("/predict?backend=cuda")
    expect(visitor.locator("#predict-answer")).to_contain_text("Latency on cuda rests on 0 measured inference cases")


def test_a_question_to_the_database_is_answered_and_a_change_refused(visitor: Page) -> None:
    visitor.goto("/reports")
    visitor.locator("#sql-editor").fill("SELECT status, count(*) AS n FROM results GROUP BY ALL ORDER BY n")
    visitor.locator("#sql-run").click()
    expect(visitor.locator(".sql-answer .ag-row")).to_have_count(2)
    expect(visitor.locator(".sql-answer .ag-row").last).to_contain_text("105")
    visitor.locator("#sql-editor").fill("DELETE FROM results")
    visitor.locator("#sql-run").click()
    expect(visitor.locator(".sql-answer .error-notice")).to_contain_text("Query refused")
    visitor.locator("#sql-editor").fill("SELECT count(*) AS n FROM results")
    visitor.locator("#sql-run").click()
    expect(visitor.locator(".sql-answer .ag-row")).to_have_text("110")


def test_no_cell_of_a_downloaded_answer_is_a_formula(visitor: Page, tmp_path: Path) -> None:
    visitor.goto("/reports")
    visitor.locator("#sql-editor").fill("SELECT '=1+1' AS said, -0.5 AS loss, NULL AS nothing")
    visitor.locator("#sql-run").click()
    with visitor.expect_download() as download:
        visitor.locator("#sql-csv:not([disabled])").click()
    path = tmp_path / "answer.csv"
    download.value.save_as(path)
    head, line = path.read_text(encoding="utf-8-sig").splitlines()
    assert (head, line) == ('"said","loss","nothing"', '"\'=1+1","-0.5",""')
