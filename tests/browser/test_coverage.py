"""The Coverage page in a real browser: finding it, filtering, the panel by mouse and keyboard, addresses, downloads."""

from __future__ import annotations

import csv
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from engine.backends.environment import detect_environment
from engine.config import Settings
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.storage import conformance, environments
from engine.storage.database import Database
from tests.browser.conftest import PATIENCE, _listen, serving
from tests.conformance_builders import A_REASON, A_TRACEBACK, a_conformance

pytestmark = pytest.mark.browser


def fill(settings: Settings) -> None:
    """Ten types on two precisions in the newest version and gpt2 in the one before."""
    here = detect_environment()
    found = [
        a_conformance(name, precision=precision, environment_id=here.environment_id)
        for name in ("albert", "bert", "deberta", "llama", "t5", "vit", "wav2vec2")
        for precision in (Precision.FP32, Precision.BF16)
    ]
    found += [
        a_conformance("gpt2", days=-30, library_version="5.22.0"),
        a_conformance("gpt2", {Check.FORWARD: Verdict.FAILS}, environment_id=here.environment_id),
        a_conformance("clip", {Check.FORWARD: Verdict.PARTIAL}, environment_id=here.environment_id),
        a_conformance("whisper", {Check.IMPORT: Verdict.UNAVAILABLE}, environment_id=here.environment_id),
    ]
    database = Database.open(settings.db_path)
    database.write(lambda cursor: environments.save(cursor, here))
    database.write(lambda cursor: [conformance.save(cursor, one) for one in found])
    database.close()


@pytest.fixture(scope="module")
def examined_server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="modeldyno-") as home:
        fill(Settings.load(home=Path(home)))
        with serving(Path(home)) as address:
            yield address


@pytest.fixture
def coverage(browser: Browser, examined_server: str) -> Iterator[Page]:
    """A page that has nothing to complain of, at the Coverage page."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, accept_downloads=True, base_url=examined_server
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    said = _listen(page)
    opened(page)
    yield page
    expect.set_options(timeout=5_000)
    context.close()
    assert said == []


def opened(page: Page, search: str = "") -> None:
    page.goto(f"/coverage{search}")
    expect(page.locator("#coverage-head h1")).to_contain_text("run forward")
    expect(page.locator(".conformance-grid .ag-row").first).to_be_visible()


def cell(page: Page, model: str, column: str) -> Locator:
    return page.locator(f'.conformance-grid .ag-row[row-id="{model}"] [col-id="{column}"]')


def title(page: Page) -> Locator:
    return page.locator("#coverage-details .card-title")


def choose(page: Page, component: str, option: str) -> None:
    page.locator(f"#{component}").click()
    page.get_by_role("option", name=option, exact=True).click()


def saved(page: Page, button: str, folder: Path) -> str:
    with page.expect_download() as started:
        page.locator(button).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path.read_text(encoding="utf-8")


def test_it_is_found_from_the_overview_and_back_leads_there(coverage: Page) -> None:
    coverage.goto("/")
    coverage.get_by_role("link", name="Coverage").click()
    expect(coverage.locator("#coverage-head h1")).to_contain_text("7 of")
    expect(coverage.locator(".tab-link[aria-current]")).to_have_text("Overview")
    assert coverage.title() == "Coverage · ModelDyno"
    coverage.go_back()
    expect(coverage.locator("[data-empty-state]")).to_contain_text("Nothing is measured yet")
    coverage.go_forward()
    expect(coverage.locator(".conformance-grid .ag-row").first).to_be_visible()


def test_a_cell_says_its_verdict_in_a_word(coverage: Page) -> None:
    expect(cell(coverage, "bert", "forward")).to_have_text("works")
    coverage.locator("#coverage-text").fill("gpt2")
    expect(coverage.locator("#coverage-count")).to_contain_text("of")
    expect(cell(coverage, "gpt2", "forward")).to_have_text("fails")
    expect(cell(coverage, "gpt2", "finite")).to_have_text("not tried")


def test_filters_narrow_the_rows_and_stand_in_the_address(coverage: Page) -> None:
    choose(coverage, "coverage-verdict", "fails")
    expect(coverage.locator(".conformance-grid .ag-center-cols-container .ag-row")).to_have_count(1)
    expect(cell(coverage, "gpt2", "overall")).to_have_text("fails")
    expect(coverage.locator("#coverage-count")).to_contain_text("1 of")
    expect(coverage).to_have_url(re.compile("verdict=fails"))
    choose(coverage, "coverage-check", "Import")
    expect(coverage.locator("#coverage-count")).to_contain_text("0 of")
    expect(coverage.locator(".conformance-grid")).to_contain_text("No model type passes these filters.")
    expect(coverage).to_have_url(re.compile("check=import"))
    coverage.go_back()
    expect(coverage.locator("#coverage-count")).to_contain_text("1 of")
    expect(cell(coverage, "gpt2", "overall")).to_be_visible()


def test_a_cell_opens_the_panel_and_back_closes_it(coverage: Page) -> None:
    cell(coverage, "bert", "batch").click()
    expect(title(coverage)).to_have_text("bert works on cpu fp32")
    expect(coverage.locator(".conformance-checks .is-chosen")).to_contain_text("Batch")
    expect(coverage.locator("#coverage-details .code")).to_have_text("modeldyno conformance --model bert")
    expect(coverage).to_have_url(re.compile("model=bert"))
    coverage.get_by_role("link", name="cpu bf16").click()
    expect(title(coverage)).to_have_text("bert works on cpu bf16")
    coverage.go_back()
    expect(title(coverage)).to_have_text("bert works on cpu fp32")
    coverage.go_back()
    expect(title(coverage)).to_have_count(0)


def test_a_deep_link_shows_the_type_in_the_grid_and_its_traceback(coverage: Page) -> None:
    opened(coverage, "?model=gpt2")
    expect(title(coverage)).to_have_text("gpt2 fails on cpu fp32")
    expect(coverage.locator(".conformance-traceback")).to_have_text(A_TRACEBACK)
    expect(cell(coverage, "gpt2", "overall")).to_be_visible()
    expect(coverage.locator('.ag-row[row-id="gpt2"]')).to_have_class(re.compile("ag-row-selected"))
    coverage.context.grant_permissions(["clipboard-read", "clipboard-write"])
    coverage.get_by_role("button", name="Copy traceback").click()
    expect(coverage.get_by_role("button", name="Copied")).to_be_visible()
    assert coverage.evaluate("navigator.clipboard.readText()") == A_TRACEBACK


def test_the_keyboard_opens_moves_and_closes(coverage: Page) -> None:
    cell(coverage, "albert", "overall").click()
    expect(title(coverage)).to_contain_text("albert")
    coverage.keyboard.press("ArrowDown")
    coverage.keyboard.press("ArrowRight")
    coverage.keyboard.press("Enter")
    expect(title(coverage)).not_to_contain_text("albert")
    coverage.keyboard.press("Escape")
    expect(title(coverage)).to_have_count(0)
    expect(coverage.locator(".conformance-grid .ag-row-selected")).to_have_count(0)


def test_what_changed_leads_to_the_type(coverage: Page) -> None:
    card = coverage.locator("#coverage-changes")
    expect(card.locator(".card-title")).to_have_text("1 regression since transformers 5.22.0")
    card.get_by_role("link", name="gpt2").click()
    expect(title(coverage)).to_have_text("gpt2 fails on cpu fp32")


def test_downloads_are_exactly_the_filtered_view(coverage: Page, tmp_path: Path) -> None:
    opened(coverage, "?verdict=fails")
    lines = saved(coverage, "#coverage-csv", tmp_path).splitlines()
    rows = list(csv.DictReader(line for line in lines if line[0] != "#"))
    assert [(row["model_type"], row["forward"], row["reason"]) for row in rows] == [("gpt2", "fails", A_REASON)]
    found = json.loads(saved(coverage, "#coverage-json", tmp_path))
    assert [row["model_type"] for row in found["rows"]] == ["gpt2"]
    assert "filters: verdict=fails" in found["about"][2]


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("search", ["", "?model=gpt2"])
def test_nothing_scrolls_sideways_and_the_panel_can_be_closed(coverage: Page, width: int, search: str) -> None:
    coverage.set_viewport_size({"width": width, "height": 844})
    opened(coverage, search)
    if search:
        expect(title(coverage)).to_have_text("gpt2 fails on cpu fp32")
        coverage.locator("#coverage-close").click()
        expect(title(coverage)).to_have_count(0)
    assert coverage.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_an_empty_database_says_what_fills_the_page(server: str, page: Page, complaints: list[str]) -> None:
    page.goto(f"{server}/coverage")
    expect(page.locator("[data-empty-state]")).to_contain_text("modeldyno conformance --priority all")
    page.get_by_role("link", name="Results").click()
    expect(page.locator("[data-empty-state]")).to_contain_text("Nothing is measured yet")
