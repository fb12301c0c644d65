from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from dash.exceptions import PreventUpdate
from flask.testing import FlaskClient

from app import ids
from app.tabs.reports import answer, layout, made_reports, make, save_csv, show_facts, show_schema, use_example
from app.views.sql_console import EXAMPLES
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of, with_id
from tests.app.tabs.test_live_runs_tab import a_finished_run


def test_without_runs_the_form_sends_to_live_runs() -> None:
    page = layout("")
    assert "No run has results yet" in text_of(page)
    assert ids.REPORT_RUN not in [getattr(part, "id", None) for part in parts(page)]


def test_the_address_chooses_the_run(bench: StandInWorkbench) -> None:
    first, second = a_finished_run(bench), a_finished_run(bench)
    assert with_id(layout("?run=1"), ids.REPORT_RUN).value == first.run_id
    assert with_id(layout(""), ids.REPORT_RUN).value == second.run_id
    assert "3 results, 1 failure" in text_of(show_facts(first.run_id))


def test_a_named_run_beyond_those_offered_is_chosen_and_an_impossible_one_is_not_replaced(
    bench: StandInWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = a_finished_run(bench), a_finished_run(bench)
    monkeypatch.setattr("app.tabs.reports.RUNS_OFFERED", 1)
    chosen = with_id(layout("?run=1"), ids.REPORT_RUN)
    assert chosen.value == first.run_id and first.run_id in [option["value"] for option in chosen.options]
    page = layout("?run=99")
    assert with_id(page, ids.REPORT_RUN).value is None
    assert "No run '99'" in text_of(page)


def test_a_report_whose_file_was_deleted_is_not_offered_for_download(bench: StandInWorkbench) -> None:
    make(1, a_finished_run(bench).run_id)
    for file in Path(bench.settings.report_dir).glob("*.html"):
        file.unlink()
    assert [link.href for link in of_kind(made_reports(), "Link")] == ["/reports?run=1"]


def test_a_report_is_stored_listed_and_downloads_as_it_was_made(bench: StandInWorkbench, client: FlaskClient) -> None:
    run = a_finished_run(bench)
    ready = make(1, run.run_id)
    address = of_kind(ready, "A")[0].href
    listed = made_reports()
    assert "1 report" in text_of(listed)
    assert "run 1" in text_of(listed)
    stored = next(Path(bench.settings.report_dir).glob("*.html")).read_bytes()
    assert client.get(address).data == stored
    assert b"gpt2 cpu fp32 batch 1" in stored


def test_a_run_that_is_gone_is_an_error_in_place() -> None:
    assert "No run 'gone'" in text_of(make(1, "gone"))


def test_a_query_answers_in_a_grid(bench: StandInWorkbench) -> None:
    a_finished_run(bench)
    grid, _, outcome, no_csv = answer(1, "SELECT status, count(*) AS n FROM results GROUP BY ALL ORDER BY n")
    assert grid.rowData == [{"c0": "failed", "c1": 1}, {"c0": "completed", "c1": 3}]
    assert "2 rows in" in text_of(outcome)
    assert no_csv is False


@pytest.mark.parametrize("statement", ["DROP TABLE run", "SELECT nope FROM results", "", "SELECT 1; SELECT 2"])
def test_a_query_that_cannot_run_says_why_where_the_answer_would_be(statement: str) -> None:
    notice, _, outcome, no_csv = answer(1, statement)
    assert of_class(notice, "error-notice")
    assert outcome is None
    assert no_csv is True


@pytest.mark.parametrize("label, statement", EXAMPLES)
def test_every_example_runs_as_it_stands(bench: StandInWorkbench, label: str, statement: str) -> None:
    a_finished_run(bench)
    grid, *_ = answer(1, statement)
    assert type(grid).__name__ == "AgGrid", text_of(grid)


def test_an_example_replaces_the_statement(triggered: Callable[..., None]) -> None:
    triggered(json.dumps({"index": 2, "type": ids.SQL_EXAMPLE}, separators=(",", ":")) + ".n_clicks")
    assert use_example([0, 0, 1, 0]) == EXAMPLES[2][1]


def test_schema_lists_the_views_with_their_columns() -> None:
    said = text_of(show_schema(""))
    for view in ("results", "measurements", "environments", "runs", "failures"):
        assert view in said
    assert "latency_seconds" in text_of(show_schema("latency"))


def test_csv_is_saved_only_when_asked() -> None:
    assert save_csv(1) is True
    assert save_csv(0) is not True
    with pytest.raises(PreventUpdate):
        answer(0, "SELECT 1")
