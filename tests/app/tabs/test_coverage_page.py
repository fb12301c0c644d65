"""Coverage, the Overview's second page, as functions over a database of examinations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import no_update

from app import ids
from app.shell import page_at
from app.tabs import overview
from app.tabs.coverage import (
    _FILTERS,
    choose_type,
    download,
    fill_grid,
    layout,
    make_room,
    show_answer,
    show_changes,
    show_details,
    write_address,
)
from engine.domain.case import Precision
from engine.domain.conformance import Check, Conformance, Verdict
from engine.storage import conformance
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of, with_id
from tests.conformance_builders import A_REASON, A_TRACEBACK, a_conformance, an_outcome

BF16 = Precision.BF16
FAILS = {Check.FORWARD: Verdict.FAILS}


def store(bench: StandInWorkbench, *examined: Conformance) -> None:
    bench.database.write(lambda cursor: [conformance.save(cursor, one) for one in examined])


def values(**filters: Any) -> list[Any]:
    return [filters.get(name) for name in _FILTERS]


def rows(**filters: Any) -> list[str]:
    """Headings of families in capitals, names of types as they are."""
    return [row["family"].upper() if row.get("is_family") else row["id"] for row in fill_grid(*values(**filters))[0]]


def row(name: str, **filters: Any) -> dict[str, Any]:
    return next(found for found in fill_grid(*values(**filters))[0] if found["id"] == name)


@pytest.fixture
def examined(bench: StandInWorkbench) -> StandInWorkbench:
    """Of the catalogue's bert, gpt2 and ernie: bert works on fp32 alone, gpt2 fails now, ernie was never examined."""
    store(
        bench,
        a_conformance("gpt2", days=-5, library_version="5.22.0"),
        a_conformance("bert"),
        a_conformance("gpt2", FAILS),
        a_conformance("bert", {Check.BATCH: Verdict.FAILS}, precision=BF16),
    )
    return bench


def test_an_empty_database_names_the_command_that_fills_it() -> None:
    page = layout("?model=bert")
    assert "No model type was examined yet" in text_of(page)
    assert text_of(of_class(page, "code")) == "modeldyno conformance --priority all"


def test_the_pages_of_the_overview_lead_to_each_other(examined: StandInWorkbench) -> None:
    pages = {"Results": overview.layout(""), "Coverage": page_at("/coverage", ""), "Trust": page_at("/trust", "")}
    for current, page in pages.items():
        (switch,) = of_class(page, "overview-switch")
        assert {text_of(link): link.href for link in of_kind(switch, "Link")} == {
            "Results": "/",
            "Coverage": "/coverage",
            "Trust": "/trust",
        }
        assert text_of(of_class(switch, "is-current")) == current


def test_the_answer_counts_every_type_of_the_catalogue(examined: StandInWorkbench) -> None:
    head, count, legend = show_answer(*values())
    assert text_of(of_kind(head, "H1")) == (
        "1 of 3 model types run forward with all their modalities on cpu fp32; 1 fails, 1 was never examined."
    )
    assert "1 passes every check that applies; 1 fails at least one: forward 1." in text_of(head)
    assert "transformers 5.23.0" in text_of(head)
    assert (count, text_of(legend)) == ("3 of 3 types", "works1partial0fails1unavailable0n/a0not tried1")


def test_the_grid_has_a_heading_for_each_family_and_a_word_for_each_check(examined: StandInWorkbench) -> None:
    assert rows() == ["TEXT ENCODER", "bert", "TEXT DECODER", "gpt2", "OTHER", "ernie"]
    gpt2 = row("gpt2")
    assert (gpt2["overall"], gpt2["import"], gpt2["forward"], gpt2["cost"]) == ("fails", "works", "fails", "not tried")
    assert (gpt2["reason"], gpt2["forward_reason"]) == (A_REASON, A_REASON)
    assert "import_reason" not in gpt2
    assert row("ernie")["overall"] == "not tried" and row("ernie")["reason"]
    assert fill_grid(*values())[0][0]["detail"] == "1 of 1 work fully"


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"verdict": "fails"}, ["TEXT DECODER", "gpt2"]),
        ({"verdict": "works", "check": "import"}, ["TEXT ENCODER", "bert", "TEXT DECODER", "gpt2"]),
        ({"family": "text_encoder"}, ["TEXT ENCODER", "bert"]),
        ({"text": "multiplied"}, ["TEXT DECODER", "gpt2"]),
        ({"precision": "bf16", "verdict": "fails"}, ["TEXT ENCODER", "bert"]),
        ({"precision": "int8", "text": "bert"}, ["TEXT ENCODER", "bert"]),
        ({"verdict": "partial"}, []),
        ({"verdict": "nonsense"}, ["TEXT ENCODER", "bert", "TEXT DECODER", "gpt2", "OTHER", "ernie"]),
    ],
)
def test_filters_leave_what_was_asked_for(examined: StandInWorkbench, filters: dict[str, str], left: list[str]) -> None:
    assert rows(**filters) == left


def test_the_grid_is_as_tall_as_its_rows_within_limits(bench: StandInWorkbench) -> None:
    store(bench, *(a_conformance(f"type_{number}") for number in range(40)))
    assert fill_grid(*values())[1] == {"height": "596px"}
    assert fill_grid(*values(text="type_1"))[1] == {"height": f"{30 + 30 + 11 * 28 + 4}px"}
    assert fill_grid(*values(text="nothing"))[1] == {"height": "160px"}


def test_a_family_says_how_much_the_filters_hide(bench: StandInWorkbench) -> None:
    store(bench, a_conformance("x_one", FAILS), a_conformance("x_two"))
    heading = next(found for found in fill_grid(*values(verdict="fails"))[0] if found.get("is_family"))
    assert heading["detail"] == "1 of 3 work fully · 2 hidden by the filters"


def test_a_click_on_a_cell_names_type_and_check(triggered: Callable[..., None]) -> None:
    triggered(f"{ids.COVERAGE_GRID}.cellClicked")
    assert choose_type({"rowId": "gpt2", "colId": "forward"}, None) == (
        {"model": "gpt2", "check": "forward"},
        {"ids": ["gpt2"]},
    )
    assert choose_type({"rowId": "family vision"}, None) == (no_update, no_update)
    triggered(f"{ids.COVERAGE_CLOSE}.n_clicks")
    assert choose_type(None, 1) == (None, [])


def test_the_panel_explains_a_failure_and_how_to_repeat_it(examined: StandInWorkbench) -> None:
    panel = show_details({"model": "gpt2", "check": "forward"}, *values())
    assert text_of(of_class(panel, "card-title")) == "gpt2 fails on cpu fp32"
    assert text_of(of_class(panel, "is-chosen")) == f"Forwardfails{A_REASON}200 ms"
    assert text_of(of_class(panel, "conformance-traceback")) == A_TRACEBACK
    said = text_of(panel)
    for part in ("transformers 5.23.0, torch 2.13.0", "Example CPU 2.6 GHz", "391 MiB", "took 2.5 s"):
        assert part in said
    assert text_of(of_class(panel, "code")) == "modeldyno conformance --model gpt2"
    assert "Earlier examinations" in said and "transformers 5.22.0, cpu fp32, 9 Mar" in said
    assert A_TRACEBACK in [part.to_plotly_json()["props"].get("data-copy") for part in of_kind(panel, "Button")]


def test_the_panel_leads_to_the_other_ways_and_to_measuring(examined: StandInWorkbench) -> None:
    panel = show_details({"model": "bert"}, *values(family="text_encoder"))
    links = {text_of(link): link.href for link in of_kind(panel, "Link")}
    assert links["cpu bf16"] == "/coverage?family=text_encoder&backend=cpu&precision=bf16&model=bert"
    assert links["Measure its speed"].startswith("/live-runs?models=bert&backends=cpu&precisions=fp32")
    there = show_details({"model": "bert"}, *values(precision="bf16"))
    assert text_of(of_class(there, "code")) == "modeldyno conformance --model bert --precision bf16"


def test_a_type_that_was_never_examined_and_one_that_is_none(examined: StandInWorkbench) -> None:
    never = show_details({"model": "ernie"}, *values())
    assert text_of(of_class(never, "card-title")) == "ernie was never examined on cpu fp32"
    assert "modeldyno conformance --model ernie" in text_of(never)
    assert "There is no model type 'brt' here" in text_of(show_details({"model": "brt"}, *values()))
    assert show_details(None, *values()) is None


def test_reasons_are_text_and_nothing_else(bench: StandInWorkbench) -> None:
    hostile = an_outcome(Check.FORWARD, Verdict.FAILS, reason="<img src=x>", detail="<script>alert(1)</script>")
    store(bench, a_conformance("bert", outcomes=(hostile,)))
    assert "<script>alert(1)</script>" in text_of(show_details({"model": "bert"}, *values()))


def test_changes_are_shown_once_two_versions_are_stored(examined: StandInWorkbench) -> None:
    card = show_changes(*values())
    assert text_of(of_class(card, "card-title")) == "1 regression since transformers 5.22.0"
    (table,) = of_class(card, "changes-table")
    assert [text_of(cell) for cell in of_kind(table, "Td")] == [
        *("regression", "gpt2", "Forward", "works", "fails", A_REASON)
    ]
    assert "Newly examined: 1 type" in text_of(card)
    assert "No regression" in text_of(of_class(show_changes(*values(family="text_encoder")), "card-title"))


def test_one_version_alone_has_no_changes(bench: StandInWorkbench) -> None:
    store(bench, a_conformance())
    assert show_changes(*values()) is None


def test_the_open_panel_takes_the_place_of_the_reasons() -> None:
    def hidden(narrow: bool, chosen: Any) -> set[str]:
        columns, _ = make_room(narrow, chosen)
        return {column["field"] for column in columns if column.get("hide")}

    assert hidden(False, None) == set()
    assert hidden(False, {"model": "bert"}) == {"reason"}
    assert hidden(True, None) == {"reason", *(check.value for check in Check)}
    assert make_room(False, {"model": "bert"})[1] == "conformance-frame is-open"


def test_the_address_says_what_is_shown(examined: StandInWorkbench) -> None:
    shown = {"backend": "cpu", "precision": "fp32", "since": "transformers 5.22.0"}
    assert write_address(*values(**shown), None, "") is no_update
    assert write_address(*values(**shown, verdict="fails"), {"model": "gpt2"}, "") == (
        "?verdict=fails&backend=cpu&precision=fp32&model=gpt2"
    )


def test_a_deep_link_opens_its_type(examined: StandInWorkbench) -> None:
    page = layout("?model=gpt2&verdict=fails")
    assert with_id(page, ids.COVERAGE_CHOSEN).data == {"model": "gpt2"}
    grid = with_id(page, ids.COVERAGE_GRID)
    assert grid.selectedRows == {"ids": ["gpt2"]} and grid.scrollTo["rowId"] == "gpt2"
    assert [found["id"] for found in grid.rowData] == ["family text_decoder", "gpt2"]
    assert with_id(page, ids.COVERAGE_VERDICT).value == "fails"
    assert len(list(parts(page))) > 20


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_download_is_exactly_the_filtered_view(
    examined: StandInWorkbench, triggered: Callable[..., None], kind: str
) -> None:
    triggered(f"{ids.COVERAGE_CSV if kind == 'csv' else ids.COVERAGE_JSON}.n_clicks")
    file = download(1, 1, *values(verdict="fails"))
    assert file["filename"].startswith("modeldyno-coverage-") and file["filename"].endswith(kind)
    if kind == "csv":
        about = [line for line in file["content"].splitlines() if line.startswith("#")]
        (line,) = [line for line in file["content"].splitlines() if line.startswith("gpt2,")]
        assert "# filters: verdict=fails&backend=cpu&precision=fp32" in about
        assert "# 1 model type on cpu fp32; seconds, operations and bytes" in about
        assert A_REASON.replace('"', '""') in line
    else:
        found = json.loads(file["content"])
        assert [row["model_type"] for row in found["rows"]] == ["gpt2"]
        assert found["rows"][0]["checks"]["forward"]["reason"] == A_REASON


def test_no_download_before_anybody_asks(examined: StandInWorkbench) -> None:
    assert download(0, 0, *values()) is no_update


def test_a_spreadsheet_runs_nothing(bench: StandInWorkbench, triggered: Callable[..., None]) -> None:
    triggered(f"{ids.COVERAGE_CSV}.n_clicks")
    outcome = an_outcome(Check.IMPORT, Verdict.FAILS, reason="=HYPERLINK(1)")
    store(bench, a_conformance("bert", outcomes=(outcome,)))
    assert ",'=HYPERLINK(1)," in download(1, 0, *values())["content"]
