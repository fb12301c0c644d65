from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from dash import no_update
from flask import Flask
from flask.testing import FlaskClient

from app import ids
from app.shell import SHORTCUTS, count_active_runs, page_at, shell_layout, show_page, show_search_results
from app.tabs import PAGES, TABS
from engine.config import resource_folder
from tests.app.measured import measured, store
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of
from tests.builders import a_case, a_request


@pytest.fixture(autouse=True)
def in_application(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_the_five_tabs_stand_in_the_order_of_the_navigation() -> None:
    links = of_class(shell_layout(), "tab-link")
    assert [(text_of(link), link.href) for link in links] == [
        ("Overview", "/"),
        ("Comparison", "/comparison"),
        ("Live Runs", "/live-runs"),
        ("Reports", "/reports"),
        ("Predict", "/predict"),
    ]


@pytest.mark.parametrize("tab", PAGES, ids=lambda tab: tab.name)
@pytest.mark.parametrize("search", ["", "?model=%3Cb%3E&batch=abc&run=0&batch_size=x&nonsense=%00"])
def test_every_tab_opens_on_an_empty_database_whatever_the_address_says(tab: object, search: str) -> None:
    page = page_at(tab.path, search)  # type: ignore[attr-defined]
    assert of_class(page, "error-notice") == []
    assert len(list(parts(page))) > 5


def test_a_slash_at_the_end_is_the_same_page(client: FlaskClient) -> None:
    assert type(page_at("/comparison/", "")).__name__ == "Div"
    assert "There is no page" not in text_of(page_at("/comparison/", ""))
    assert client.get("/comparison/").status_code == 200


def test_an_address_without_a_page_says_so_and_offers_the_tabs(client: FlaskClient) -> None:
    page = page_at("/overveiw<b>", "")
    assert "There is no page at /overveiw<b>" in text_of(page)
    assert [link.href for link in of_kind(page, "Link")] == [tab.path for tab in TABS]
    assert client.get("/overveiw").status_code == 404


def test_a_tab_that_fails_leaves_the_shell_alone_and_says_what_went_wrong(bench: StandInWorkbench) -> None:
    bench.database.close()
    for tab in TABS[:4]:
        notice = page_at(tab.path, "")
        assert of_class(notice, "error-notice"), tab.name
        assert "is closed" in text_of(notice)


def test_a_navigation_shows_its_page_and_clears_the_notices() -> None:
    page, notices = show_page({"path": "/predict", "search": "?model=gpt2", "count": 1})
    assert "What would it cost?" in text_of(page)
    assert notices is None
    assert show_page(None) == (no_update, no_update)


def test_runs_under_way_are_counted_and_the_store_is_left_alone_while_they_stay_the_same(
    bench: StandInWorkbench,
) -> None:
    assert count_active_runs(None, []) == ([], None)
    run_id = bench.supervisor.submit(a_request()).run_id
    assert count_active_runs(1, []) == ([run_id], "1")
    assert count_active_runs(2, [run_id]) == (no_update, "1")
    bench.supervisor.end(run_id)
    assert count_active_runs(3, [run_id]) == ([], None)


def test_the_search_box_lists_links(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case("bert"), 0.04))
    bench.supervisor.submit(a_request("bert"))
    hits = of_class(show_search_results("bert"), "search-hit")
    assert [text_of(of_class(hit, "search-kind")) for hit in hits] == ["model", "run", "case"]
    assert hits[0].href == "/?model=bert"


@pytest.mark.parametrize("text", [None, "", "  "])
def test_an_empty_search_box_lists_nothing(text: str | None) -> None:
    assert show_search_results(text) is None


def test_what_is_not_found_is_repeated_as_it_was_typed() -> None:
    assert text_of(show_search_results(" <b>nope</b> ")) == "Nothing here is called '<b>nope</b>'."


def test_the_search_finds_only_what_the_pages_show(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case("bert"), 0.04), measured(a_case("gpt2"), 0.05, environment_id="other"))
    (hit,) = of_class(show_search_results("gpt2"), "search-hit")
    assert (text_of(of_class(hit, "search-detail")), hit.href) == (
        "text decoder, not measured yet",
        "/live-runs?models=gpt2",
    )


def test_the_help_lists_the_shortcuts_that_work() -> None:
    script = (resource_folder("assets") / "shortcuts.js").read_text(encoding="utf-8")
    works = dict(re.findall(r"(\w): \"(/[\w-]*)\"", script))
    said = {keys[1]: meaning for keys, meaning in SHORTCUTS if keys[0] == "g"}
    assert {letter: tab.title for letter, path in works.items() for tab in TABS if tab.path == path} == said


def test_no_component_of_the_shell_is_named_twice_or_like_one_of_a_tab() -> None:
    named = [str(part.id) for part in parts(shell_layout()) if getattr(part, "id", None)]
    assert len(named) == len(set(named))
    for tab in PAGES:
        inside = {str(part.id) for part in parts(page_at(tab.path, "")) if getattr(part, "id", None)}
        assert inside.isdisjoint(named), tab.name
    assert ids.PAGE in named
