from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from dash import no_update

from app import ids
from app.data import shown_summaries
from app.tabs.comparison import (
    choose_case,
    layout,
    offer_metrics,
    offer_new_results,
    unfold_family,
)
from app.tabs.comparison import write_address as write
from app.tabs.comparison_filters import FILTERS
from app.tabs.comparison_table import download_csv
from app.views.case_details import reproduce_command
from app.views.results_grid import COLUMNS, NARROW, USUAL
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Size
from tests.app.measured import measured, store
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.comparison_screen import cells, details, filled, show, table, title, values
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of, with_id
from tests.builders import a_case, a_failed_result, startup_measurements
from tests.workload_builders import a_generation, generation_figures, results_with

BF16 = Precision.BF16
ENCODERS = "text encoder"
Trigger = Callable[..., None]


def test_an_empty_database_leads_to_a_run() -> None:
    page = layout("")
    assert "There is nothing to compare yet" in text_of(page)
    assert of_kind(page, "Link")[0].href == "/live-runs"


def test_one_case_alone_has_nothing_to_be_compared_with(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04))
    head, body, *_ = show()
    assert text_of(of_kind(head, "H1")) == (
        "1 model type measured on cpu fp32; there is nothing to compare them with yet."
    )
    assert cells(body) == ["40.0"]
    assert "Median latency, ms, batch 1, default size" in text_of(body)


def test_a_case_that_failed_without_a_figure_is_in_the_table_and_says_why(bench: StandInWorkbench) -> None:
    store(bench, [a_failed_result(reason="expected <class 'int'>")])
    assert "No latency was measured with these filters" in text_of(show()[1])
    (row,) = table()
    assert (row["status"], row["reason"], row.get("latency")) == ("1 failed", "expected <class 'int'>", None)
    assert "expected <class 'int'>" in text_of(details({"case": row["case_id"]}))


def test_the_answer_the_cells_and_the_details_agree(two_ways: StandInWorkbench) -> None:
    head, body, *_ = show(rows="model")
    assert cells(body) == ["40.0 ms", "2.00", "80.0 ms", "4.00"]
    assert text_of(of_kind(head, "H1")) == "cpu bf16 and cpu fp32 do not differ clearly over 2 model types."
    assert "Of 2 cases against cpu fp32: 2 better." in text_of(head)
    assert title(details({"place": ["gpt2", "cpu bf16"]}, rows="model")) == ("Why “4.00x faster (−75\N{THIN SPACE}%)”?")


def test_one_decided_case_is_an_answer(two_ways: StandInWorkbench) -> None:
    assert text_of(of_kind(show(model="bert")[0], "H1")) == "cpu bf16 is 2.00x faster than cpu fp32 over 1 model type."


def test_intervals_of_means_are_turned_as_the_cells_are(bench: StandInWorkbench) -> None:
    for model, latency in (("bert", 0.0200), ("roberta", 0.0201), ("distilbert", 0.0199)):
        store(bench, measured(a_case(model), 0.04), measured(a_case(model, precision=BF16), latency))
    head, body, *_ = show()
    assert cells(body) == ["40.0 ms", "2.00"]
    assert "above 1 is better, with 95\N{THIN SPACE}% interval: cpu bf16 2.00 (1.98 – 2.03)." in text_of(head)
    assert "above 1 is better" in text_of(of_class(body, "card-subtitle"))


def test_less_memory_is_put_in_words_and_starting_is_named(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, peak_memory=4e8), measured(a_case(precision=BF16), 0.04, peak_memory=2e8))
    for precision, seconds in ((Precision.FP32, 0.2), (BF16, 0.1)):
        case = a_case(workload=Workload.STARTUP, precision=precision)
        store(bench, measured(case, 1.0, measurements=startup_measurements(module_import=seconds)))
    memory, started = show(metric="peak_memory")[0], show(metric="module_import_time")[0]
    assert "cpu bf16 needs 2.00x less memory than cpu fp32" in text_of(memory)
    assert "cpu bf16 is 2.00x faster in module import than cpu fp32" in text_of(started)


@pytest.mark.parametrize(
    "filters", [{"model": "nosuch"}, {"precision": "int8"}, {"metric": "module_import_time"}, {"batch": 64}]
)
def test_filters_that_leave_nothing_offer_a_way_out(two_ways: StandInWorkbench, filters: dict[str, Any]) -> None:
    _, body, *_ = show(**filters)
    hrefs = [link.href for link in of_kind(body, "Link")]
    assert hrefs[0] == "/comparison"
    assert hrefs[1].startswith("/live-runs")


def test_measuring_what_is_missing_starts_from_the_filters(two_ways: StandInWorkbench) -> None:
    _, body, *_ = show(model="bert", precision="int8", batch=8)
    where = "/live-runs?models=bert&precisions=int8&batch_sizes=8&workloads=inference"
    assert of_kind(body, "Link")[1].href == where


def test_a_precision_that_one_backend_alone_has_is_a_column_like_any_other(two_ways: StandInWorkbench) -> None:
    store(two_ways, measured(a_case("bert", backend="openvino", precision=Precision.INT8), 0.01))
    assert cells(show()[1]) == ["40.0 ms", "2.00", "4.00", "80.0 ms", "4.00"]
    assert cells(show(precision="int8")[1]) == ["10.0"]


def test_the_table_holds_every_workload_batch_and_size(two_ways: StandInWorkbench) -> None:
    store(
        two_ways,
        measured(a_case("bert", batch_size=8), 0.2),
        measured(a_case("bert", size=Size.TINY), 0.001),
        measured(a_case("bert", workload=Workload.STARTUP), 1.0, measurements=startup_measurements()),
    )
    assert len(table()) == 7
    assert text_of(show()[2]) == "7 cases"
    assert {row["batch"] for row in table(batch=8)} == {8}


@pytest.fixture
def two_workloads(bench: StandInWorkbench) -> StandInWorkbench:
    """gpt2 forward and generating, in fp32 and bf16; either has a peak memory of its own."""
    for precision in (Precision.FP32, BF16):
        figures = generation_figures() | {Metric.PEAK_MEMORY: 9e8 if precision is BF16 else 3e8}
        store(bench, results_with(a_generation(precision=precision), figures), measured(a_case("gpt2"), 0.08))
    return bench


def test_peak_memory_is_that_of_the_chosen_workload(two_workloads: StandInWorkbench) -> None:
    head = text_of(show(metric="peak_memory", workload="generation", rows="model")[0])
    assert head.startswith("cpu bf16 needs 3.00x more memory than cpu fp32 over 1 model type.")
    assert "nothing to compare them with yet" in text_of(show(metric="peak_memory", rows="model")[0])


def test_a_workload_has_the_metrics_that_were_measured_of_it_and_narrows_the_table(
    two_workloads: StandInWorkbench,
) -> None:
    page = layout("?workload=generation")
    assert with_id(page, ids.COMPARISON_WORKLOAD).options == ["inference", "generation"]
    offered = [option["value"] for option in with_id(page, ids.COMPARISON_METRIC).options]
    assert offered == ["inter_token_latency", *(name for name in offered[1:])] and "latency" not in offered
    assert "energy" not in offered and "peak_memory" in offered
    options, chosen = offer_metrics("generation", "latency", None)
    assert ([option["value"] for option in options], chosen) == (offered, "inter_token_latency")
    assert offer_metrics("generation", "peak_memory", None)[1] == "peak_memory"
    assert offer_metrics(None, "inter_token_latency", None)[1] == "latency"
    assert {row["workload"] for row in table(workload="generation")} == {"generation"}
    assert {row["workload"] for row in table()} == {"inference", "generation"}


def test_a_column_of_the_table_has_one_unit(two_ways: StandInWorkbench) -> None:
    columns, rows = filled()
    heads = {column["field"]: column["headerName"] for column in columns}
    assert (heads["latency"], heads["throughput"]) == ("Latency, ms", "Throughput, items/s")
    assert [row["latency"] for row in rows] == pytest.approx([40.0, 20.0, 80.0, 20.0])
    assert rows[0]["latency_text"] == "40.00"


def test_columns_keep_their_places_whatever_was_measured(two_ways: StandInWorkbench) -> None:
    everything, nothing = (filled(**filters)[0] for filters in ({}, {"model": "none"}))
    assert [column["field"] for column in everything] == [column["field"] for column in nothing] == list(COLUMNS)
    shown = [column["field"] for column in everything if not column["hide"]]
    empty = ("inter_token_latency", "generation_throughput", "requests_per_second", "speedup", "options")
    assert shown == [name for name in USUAL if name not in empty]
    assert "latency" not in [column["field"] for column in nothing if not column["hide"]]


def test_the_columns_that_are_chosen_are_shown_and_on_a_phone_those_that_fit(two_ways: StandInWorkbench) -> None:
    def shown(**given: Any) -> list[str]:
        return [column["field"] for column in filled(**given)[0] if not column["hide"]]

    assert shown(columns=["batch", "latency", "input"]) == ["model", "batch", "input", "latency"]
    assert shown(columns=["batch"], narrow=True) == [name for name in NARROW if name != "options"]
    store(two_ways, measured(a_case("gpt2", compiled=True, threads=2), 0.05))
    assert shown(columns=["batch"], narrow=True) == list(NARROW)
    assert "compiled, 2 threads" in [row["options"] for row in table()]


def test_a_row_and_a_cell_take_turns(triggered: Trigger) -> None:
    row, click = [{"case_id": "abc"}], {"points": [{"customdata": [ENCODERS, "cpu bf16"]}]}
    triggered(f"{ids.COMPARISON_GRID}.selectedRows")
    assert choose_case(row, click) == ({"case": "abc"}, no_update)
    assert choose_case([], click) == (no_update, no_update)
    triggered(f"{ids.COMPARISON_HEATMAP}.clickData")
    assert choose_case(row, click) == ({"place": [ENCODERS, "cpu bf16"]}, [])
    assert choose_case(row, None) == (no_update, no_update)


def test_choosing_a_family_unfolds_it_and_letting_go_changes_nothing() -> None:
    assert unfold_family("text_encoder", None) == unfold_family(None, "bert") == "model"
    assert unfold_family(None, None) is no_update


@pytest.mark.parametrize("search", ["", "?batch=1&metric=throughput", "?rows=model&mode=absolute", "?case=abc"])
def test_opening_a_page_adds_nothing_to_the_history(two_ways: StandInWorkbench, search: str) -> None:
    page = layout(search)
    held = [with_id(page, component).value for component in FILTERS.values()]
    assert write(*held, with_id(page, ids.COMPARISON_CASE).data, search) is no_update


def test_what_is_chosen_is_written_to_the_address(two_ways: StandInWorkbench) -> None:
    written = write(*values(batch=1), {"case": "abc"}, "")
    assert written == "?batch=1&metric=latency&rows=family&mode=ratio&case=abc"


def test_a_case_of_startup_opens_under_a_metric_that_it_has(two_ways: StandInWorkbench) -> None:
    case = a_case(workload=Workload.STARTUP)
    store(two_ways, measured(case, 1.0, measurements=startup_measurements(0.2, 0.9, 0.1)))
    page = layout(f"?workload=startup&case={case.case_id}")
    assert with_id(page, ids.COMPARISON_METRIC).value == "model_initialization_time"
    card = details({"case": case.case_id}, metric="model_initialization_time")
    assert "Model initialisation100 ms" in text_of(card)


def download(rows: list[dict[str, Any]], columns: list[str] | None = None, **filters: Any) -> list[str]:
    state = None if columns is None else [{"colId": name, "hide": False} for name in columns]
    return download_csv(1, rows, None, state, None, *values(**filters))["content"].splitlines()


def test_the_download_says_what_it_is_and_keeps_order_columns_and_intervals(two_ways: StandInWorkbench) -> None:
    rows = table()[::-1]
    head, *lines = [line for line in download(rows, ["model", "batch", "latency"], batch=1) if line[0] != "#"]
    assert head == "model,batch,latency [ms],latency_low [ms],latency_high [ms]"
    assert [line.split(",")[0] for line in lines] == ["gpt2", "gpt2", "bert", "bert"]
    value, low, high = (float(field) for field in lines[-1].split(",")[2:])
    assert low < value < high
    assert "# filters of the page: batch=1&metric=latency&rows=family&mode=ratio" in download(rows, batch=1)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_no_cell_of_the_download_is_a_formula(name: str) -> None:
    last = list(csv.reader(io.StringIO("\n".join(download([{"model": name, "batch": 8}], ["model", "batch"])))))[-1]
    assert last == [f"'{name}", "8"]


def test_what_is_missing_is_empty_in_the_download_and_a_dash_in_the_table(bench: StandInWorkbench) -> None:
    store(bench, [a_failed_result(a_case("gpt2"))], measured(a_case("bert"), 0.04))
    rows = table()
    assert rows[1]["latency_text"] == "-"
    assert download(rows, ["model", "latency", "status"])[-1] == "gpt2,,,,1 failed"


def test_a_button_that_was_never_pressed_downloads_nothing() -> None:
    assert download_csv(0, [], None, None, None, *values()) is no_update


def test_new_results_are_offered(two_ways: StandInWorkbench) -> None:
    assert offer_new_results(1, None) == (no_update, no_update)
    assert offer_new_results(1, show()[3])[1] is True
    assert offer_new_results(1, show()[3] - 2) == ("2 new results, load", False)


def test_three_hundred_cases_make_one_readable_page(bench: StandInWorkbench) -> None:
    models = [f"type-{index}" for index in range(75)]
    ways = [(precision, batch) for precision in (Precision.FP32, BF16) for batch in (1, 8)]
    store(
        bench,
        *[
            measured(a_case(model, precision=precision, batch_size=batch), 0.01 * (1 + index), how_many=1)
            for index, model in enumerate(models)
            for precision, batch in ways
        ],
    )
    assert len(table()) == 300
    figure = with_id(show(rows="model")[1], ids.COMPARISON_HEATMAP).figure
    assert (len(figure.layout.yaxis.ticktext), figure.layout.height > 75 * 20) == (75, True)


def test_no_component_of_the_page_is_named_twice(two_ways: StandInWorkbench) -> None:
    head, body, *_ = show()
    named = [str(part.id) for part in parts([layout(""), head, body, details()]) if getattr(part, "id", None)]
    assert len(named) == len(set(named))


def test_a_checkpoint_is_filtered_listed_and_measured_again_by_its_name(bench: StandInWorkbench) -> None:
    large, gone = a_case(size="bert-large-uncased"), a_case("gpt2", size="no-longer-shipped")
    store(bench, measured(a_case(), 0.04), measured(large, 0.12), measured(gone, 0.2))
    page = layout("?size=bert-large-uncased")
    assert with_id(page, ids.COMPARISON_SIZE).options == ["default", "bert-large-uncased", "no-longer-shipped"]
    assert with_id(page, ids.COMPARISON_MODEL).options == ["bert", "bert-large-uncased", "no-longer-shipped"]
    rows = {row["model"]: row["size"] for row in with_id(page, ids.COMPARISON_GRID).rowData}
    assert rows == {"bert-large-uncased": "published"}
    summary = next(found for found in shown_summaries() if found.case == large)
    command = reproduce_command(summary)
    assert "--model bert-large-uncased" in command and "--size auto" in command
