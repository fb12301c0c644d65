from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from engine.reports.content import ReportContent, build_content
from engine.reports.html import render_html
from tests.builders import A_TIME, a_failed_result, a_run, a_summary, an_environment
from tests.engine.reports.conftest import HOSTILE


class Page(HTMLParser):
    """Elements with their attributes, and the text of scripts and of everything else."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self._script: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self._script = dict(attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts.append((self._script, data))
        else:
            self.text += data

    def attribute(self, tag: str, name: str) -> list[str]:
        return [str(found[name]) for element, found in self.elements if element == tag and found.get(name)]


@pytest.fixture
def page(content: ReportContent) -> Page:
    return Page(render_html(content).decode("utf-8"))


def test_one_plotly_is_inlined_and_nothing_is_linked(page: Page) -> None:
    plotly = [script for attributes, script in page.scripts if "plotly.js v" in script[:2000]]
    assert len(plotly) == 1
    assert page.attribute("script", "src") == []
    assert page.attribute("link", "href") == ["data:,"]
    assert page.attribute("img", "src") == []


def test_nothing_outside_plotly_names_an_address(page: Page) -> None:
    own = [script for _, script in page.scripts if "plotly.js v" not in script[:2000]]
    assert not re.search(r"https?://", page.text + "".join(own))


def test_what_comes_from_outside_is_text(page: Page) -> None:
    assert page.text.count(HOSTILE) >= 3, "the hostile name is shown as it is: note, failure, host name"
    assert page.attribute("img", "onerror") == []
    kinds = [attributes.get("type") for attributes, _ in page.scripts]
    assert kinds.count(None) == 2, "only Plotly and the report's own script run"


def test_the_policy_knows_exactly_the_scripts_of_the_file(page: Page) -> None:
    policy = next(
        found["content"] for tag, found in page.elements if tag == "meta" and "default-src" in str(found.get("content"))
    )
    assert policy is not None
    assert "default-src 'none'" in policy
    running = [script for attributes, script in page.scripts if attributes.get("type") is None]
    for script in running:
        digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
        assert f"'sha256-{digest}'" in policy


def test_every_number_failure_and_version_is_in_the_text(page: Page, content: ReportContent) -> None:
    for summary in content.summaries:
        assert summary.case.model_type in page.text
    for said in ("Needs 31 GB, 12 GB are free.", "2 processes", "torch 2.13.0", "Example CPU", content.command):
        assert said in page.text


def test_the_same_content_makes_the_same_file(content: ReportContent) -> None:
    assert render_html(content) == render_html(content)


def test_a_run_without_numbers_still_makes_a_report_without_scripts() -> None:
    content = build_content(
        a_run(), an_environment(), [a_summary(latencies=())], [a_failed_result()], report_id="r", created_at=A_TIME
    )
    page = Page(render_html(content).decode("utf-8"))
    assert page.scripts == []
    assert "Nothing was measured" in page.text
    assert "ValueError: bad shape" in page.text
