from __future__ import annotations

import pytest

from app.views.report_list import report_facts, report_list, report_list_title
from app.views.sql_console import is_numeric, plain, simple_type, sql_grid, sql_outcome, sql_schema
from tests.app.tabs.component_tree import of_kind, parts, text_of
from tests.builders import A_TIME, a_run, a_stored_report

SCHEMA = {"results": [("model_type", "VARCHAR"), ("batch_size", "INTEGER")], "runs": [("run_id", "VARCHAR")]}


def test_reports_link_to_their_file_by_name() -> None:
    report = a_stored_report(title="<b>bold</b>")
    listed = report_list([report], {report.run_id: 7}, A_TIME)
    links = of_kind(listed, "A")
    assert links[0].href == "/api/benchmark/reports/report-0001?inline"
    assert (links[1].href, links[1].download) == ("/api/benchmark/reports/report-0001", report.filename)
    assert "run 7" in text_of(listed)
    assert "<b>bold</b>" in text_of(listed)
    assert report_list_title(1, 1) == "1 report; each opens offline"
    assert report_list_title(50, 56) == "The newest 50 of 56 reports; each opens offline"


def test_a_report_whose_file_is_gone_offers_to_make_it_again() -> None:
    report = a_stored_report()
    listed = report_list([report], {report.run_id: 7}, A_TIME, gone={report.report_id})
    assert [link.href for link in of_kind(listed, "Link")] == ["/reports?run=7"]
    assert of_kind(listed, "A") == []
    assert f"The file {report.filename} is gone." in text_of(listed)


def test_without_reports_the_list_says_what_one_is() -> None:
    assert any("data-empty-state" in part.to_plotly_json()["props"] for part in parts(report_list([], {}, A_TIME)))


def test_facts_count_what_the_report_will_hold() -> None:
    assert "15 results, 3 failures with reason and log" in text_of(report_facts(a_run(completed=15, failed=3)))


def test_schema_unfolds_the_first_view_and_everything_found() -> None:
    folded = of_kind(sql_schema(SCHEMA, ""), "Details")
    assert [details.open for details in folded] == [True, False]
    found = sql_schema(SCHEMA, "BATCH")
    assert text_of(found) == "results 1batch_sizeinteger"
    assert "No column" in text_of(sql_schema(SCHEMA, "nothing like it"))


def test_columns_of_one_name_stay_apart_in_the_grid() -> None:
    grid = sql_grid(("n", "n"), ("INTEGER", "VARCHAR"), [(1, "a"), (2, "b")])
    assert [column["field"] for column in grid.columnDefs] == ["c0", "c1"]
    assert grid.rowData == [{"c0": 1, "c1": "a"}, {"c0": 2, "c1": "b"}]
    assert [column["type"] for column in grid.columnDefs] == ["rightAligned", None]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (2**60, str(2**60)),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ([1.0, None], "[1.0, null]"),
        ({"a": [1, None], "é": "x"}, '{"a": [1, null], "é": "x"}'),
    ],
)
def test_values_reach_the_browser_without_loss(value: object, shown: object) -> None:
    assert plain(value) == shown


@pytest.mark.parametrize("kind", ["BIGINT", "UTINYINT", "HUGEINT", "UINTEGER", "FLOAT", "DOUBLE", "DECIMAL(4,2)"])
def test_numbers_are_aligned_as_such(kind: str) -> None:
    assert is_numeric(kind)


@pytest.mark.parametrize("kind", ["INTERVAL", "DOUBLE[]", "INTEGER[3]", "DECIMAL(4,2)[]", "VARCHAR", "POINT"])
def test_what_only_begins_like_a_number_is_none(kind: str) -> None:
    assert not is_numeric(kind)


def test_an_answer_that_was_cut_says_so() -> None:
    assert text_of(sql_outcome(42, 0.018, truncated=False)) == "42 rows in 18.0 ms"
    assert "there are more" in text_of(sql_outcome(100_000, 0.2, truncated=True))


@pytest.mark.parametrize(("kind", "word"), [("VARCHAR", "text"), ("DOUBLE", "number"), ("BLOB", "blob")])
def test_types_are_words(kind: str, word: str) -> None:
    assert simple_type(kind) == word
