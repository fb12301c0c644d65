from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from dash import no_update

from app import ids
from app.tabs.overview import _FILTERS, layout, offer_metrics, offer_models, offer_new_results, show_overview
from app.tabs.overview import write_address as write
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Measurement, Metric
from engine.domain.result import Provenance
from engine.domain.run import RunStatus
from engine.storage import environments, runs
from tests.app.measured import measured, store
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of, with_id
from tests.builders import (
    A_TIME,
    a_case,
    a_failed_result,
    a_machine_state,
    a_request,
    an_environment,
    inference_measurements,
    startup_measurements,
)

BF16 = Precision.BF16


def show(narrow: bool = False, **filters: Any) -> tuple[Any, Any, Any, int, str]:
    """Head, body, count, results seen, model shown."""
    return show_overview(*[filters.get(name) for name in _FILTERS], "light", narrow, None)


def answer(**filters: Any) -> str:
    return text_of(of_kind(show(**filters)[0], "H1"))


def detail(**filters: Any) -> str:
    return text_of(of_class(show(**filters)[0], "answer-detail"))


def titles(**filters: Any) -> list[str]:
    return [text_of(title) for title in of_class(show(**filters)[1], "card-title")]


def links(tree: Any) -> dict[str, str]:
    return {text_of(link): link.href for link in of_kind(tree, "Link")}


def started(precision: Precision, factor: float) -> list[Any]:
    observed = startup_measurements(0.2 * factor, 0.9 * factor, 0.1 * factor)
    return measured(a_case(workload=Workload.STARTUP, precision=precision), 1.0, measurements=observed)


@pytest.fixture
def two_ways(bench: StandInWorkbench) -> StandInWorkbench:
    """bert: bf16 twice as fast as fp32 at batch 1, and fp32 at batch 8."""
    store(
        bench,
        measured(a_case(), 0.04),
        measured(a_case(precision=BF16), 0.02),
        measured(a_case(batch_size=8), 0.2),
    )
    return bench


def test_the_answer_says_what_it_could_have_resolved(two_ways: StandInWorkbench) -> None:
    head, body, *_ = show()
    (badge,) = of_class(head, "resolution-badge")
    assert text_of(badge) == "resolves ±3.1\N{THIN SPACE}%"
    assert badge.href == "/trust"
    tables = [[text_of(cell) for cell in of_kind(table, "Th")] for table in of_kind(body, "Table")]
    assert ["Against baseline", "Resolves"] in [titles[-2:] for titles in tables]


def test_one_way_alone_has_nothing_to_resolve(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04))
    assert of_class(show()[0], "resolution-badge") == []


def test_an_empty_database_says_what_would_fill_the_page() -> None:
    head, body, count, seen, _ = show()
    assert (head, text_of(count), seen) == ([], "0 results measured", 0)
    assert "Nothing is measured yet" in text_of(body)
    assert links(body) == {"Start a run": "/live-runs"}


def test_the_first_run_under_way_is_told_of(bench: StandInWorkbench) -> None:
    bench.supervisor.submit(a_request())
    assert "The first results are on their way" in text_of(show()[1])


def test_a_database_with_failures_alone_shows_the_last_one_and_its_log(bench: StandInWorkbench) -> None:
    store(bench, [a_failed_result(reason="RuntimeError: <b>no</b> kernel")])
    body = show()[1]
    assert "No case has completed; bert cpu fp32 batch 1 failed last" in text_of(body)
    assert "RuntimeError: <b>no</b> kernel" in text_of(body)
    assert of_class(body, "log")


def test_the_answer_names_the_better_way_with_its_ratio(two_ways: StandInWorkbench) -> None:
    assert answer() == "cpu bf16 runs bert 2.00x faster than cpu fp32."
    assert answer(metric="throughput") == "cpu bf16 runs bert 2.00x faster than cpu fp32."


def test_the_answer_turns_the_comparison_when_the_baseline_is_best(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.02), measured(a_case(precision=BF16), 0.05))
    assert answer() == "cpu fp32 runs bert 2.50x faster than cpu bf16."


def test_a_lead_that_is_not_decided_is_not_claimed(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, how_many=3), measured(a_case(precision=BF16), 0.02, how_many=3))
    assert answer().endswith(", not yet decided.")
    assert "needs 5 processes on each side, has 3 and 3" in detail()


def test_ways_that_are_the_same_are_called_so(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04), measured(a_case(precision=BF16), 0.0401))
    assert answer() == "No difference larger than 3\N{THIN SPACE}% between cpu fp32 and cpu bf16 for bert."


def test_less_memory_is_less_and_not_faster(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, peak_memory=4e8), measured(a_case(precision=BF16), 0.05, peak_memory=2e8))
    assert answer(metric="peak_memory") == "cpu bf16 runs bert in 2.00x less memory than cpu fp32."


@pytest.mark.parametrize(
    ("metric", "verb"),
    [
        ("model_initialization_time", "initialises"),
        ("class_instantiation_time", "builds"),
        ("module_import_time", "imports"),
    ],
)
def test_what_starts_faster_is_not_said_to_run_faster(bench: StandInWorkbench, metric: str, verb: str) -> None:
    store(bench, started(Precision.FP32, 1.0), started(BF16, 0.5))
    assert answer(metric=metric) == f"cpu bf16 {verb} bert 2.00x faster than cpu fp32."


def test_one_way_alone_is_stated_with_its_unit(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04))
    assert answer() == "bert takes 40.00 ms on cpu fp32 at batch 1."
    assert answer(metric="throughput") == "bert reaches 25.00 items/s on cpu fp32 at batch 1."
    assert answer(metric="peak_memory") == "bert peaks at 486 MiB on cpu fp32 at batch 1."


def test_charts_title_what_they_show(two_ways: StandInWorkbench) -> None:
    assert titles()[:3] == [
        "Two ways to run bert, 20.00 to 40.00 ms",
        "cpu fp32: batch 8 takes 5.00x the time of batch 1, for 8x the items",
        "Only bert is measured on cpu fp32",
    ]


def test_a_way_measured_at_one_batch_does_not_hide_how_the_others_grow(two_ways: StandInWorkbench) -> None:
    assert "bert is measured at batch 1 only" not in titles(metric="latency")
    assert titles(metric="throughput")[1].startswith("cpu fp32: batch 8 brings 1.60x the throughput of batch 1")


def test_a_larger_batch_that_takes_less_is_not_said_to_take_more(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, peak_memory=4e8), measured(a_case(batch_size=8), 0.2, peak_memory=2e8))
    assert titles(metric="peak_memory")[1] == "Batch 8 takes no more memory than batch 1, for 8x the items"


@pytest.mark.parametrize("narrow", [False, True])
def test_memory_of_nothing_is_drawn_like_any_other(bench: StandInWorkbench, narrow: bool) -> None:
    store(bench, *[measured(a_case(batch_size=size), 0.04, peak_memory=0.0) for size in (1, 8)])
    assert "0 B" in text_of(show(metric="peak_memory", narrow=narrow)[1])


def test_key_figures_of_a_first_run_have_no_verdict(two_ways: StandInWorkbench) -> None:
    tiles = of_class(show()[1], "kpi-tile")
    assert [text_of(of_class(tile, "kpi-label")) for tile in tiles] == [
        "Latency, batch 1",
        "Throughput, batch 1",
        "Peak memory, batch 1",
    ]
    assert [text_of(of_class(tile, "kpi-note")) for tile in tiles] == ["5 processes, first run"] * 3
    assert of_class(tiles[0], "resolution-badge") == []


def test_key_figures_are_judged_against_the_run_before(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, run_id="a"), measured(a_case(), 0.05, run_id="b", day=1))
    latency = of_class(show()[1], "kpi-tile")[0]
    assert text_of(of_class(latency, "kpi-value")) == "50.00"
    assert "1.25x slower (+25\N{THIN SPACE}%), against the run before" in text_of(latency)
    (badge,) = of_class(latency, "resolution-badge")
    assert text_of(badge).startswith("resolves ")


def test_a_run_just_begun_changes_neither_a_key_figure_nor_its_verdict(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, run_id="a"), measured(a_case(), 0.05, run_id="b", day=1))
    before = text_of(of_class(show()[1], "kpi-tile")[0])
    environment_id = bench.environment.environment_id
    begun = bench.database.write(lambda cursor: runs.create(cursor, a_request(), environment_id))
    store(bench, measured(a_case(), 0.09, run_id=begun.run_id, day=2, how_many=3))
    assert text_of(of_class(show()[1], "kpi-tile")[0]) == before
    at = A_TIME + timedelta(days=2)
    bench.database.write(lambda cursor: runs.set_status(cursor, begun.run_id, RunStatus.COMPLETED, at=at))
    assert text_of(of_class(of_class(show()[1], "kpi-tile")[0], "kpi-value")) == "90.0", "carried out as it was asked"


def test_an_interval_of_a_single_process_says_so(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, how_many=1))
    footnotes = [text_of(note) for note in of_class(show()[1], "card-footnote")]
    assert footnotes[0].startswith("Median, 95\N{THIN SPACE}% interval within one process")


def test_a_batch_size_of_another_model_shows_that_model(two_ways: StandInWorkbench) -> None:
    store(two_ways, measured(a_case("gpt2", batch_size=32), 0.9))
    _, body, _, _, model = show(batch=32)
    assert model == "gpt2"
    assert "Latency, batch 32" in text_of(body)


def test_filters_that_leave_nothing_are_named_with_two_ways_out(two_ways: StandInWorkbench) -> None:
    body = show(model="bert", precision="int8", batch=8)[1]
    assert "No result for bert, int8, batch 8 yet" in text_of(body)
    assert links(body) == {
        "Measure it": "/live-runs?models=bert&precisions=int8&batch_sizes=8",
        "Widen: 3 cases": "/?model=bert",
        "Clear all filters": "/",
    }


@pytest.mark.parametrize("search", ["?model=nosuch", "?backend=nosuch", "?precision=int8", "?size=tiny", "?batch=64"])
def test_an_address_that_names_what_was_never_measured_still_opens(two_ways: StandInWorkbench, search: str) -> None:
    page = layout(search)
    name, value = search[1:].split("=")
    chip = with_id(page, _FILTERS[name])
    assert str(chip.value) == value
    assert value in [str(option) for option in chip.options]
    assert "No result for" in text_of(show(**{name: chip.value})[1])


def test_filters_of_the_address_fill_the_chips(two_ways: StandInWorkbench) -> None:
    page = layout("?model=bert&precision=bf16&batch=8&metric=throughput&family=nonsense")
    values = {name: with_id(page, _FILTERS[name]).value for name in ("model", "precision", "batch", "metric", "family")}
    assert values == {"model": "bert", "precision": "bf16", "batch": 8, "metric": "throughput", "family": None}
    assert text_of(of_class(page, "filter-sheet-button")) == "Filters2"


def test_a_metric_of_startup_shows_that_workload_in_its_chip(bench: StandInWorkbench) -> None:
    store(bench, started(Precision.FP32, 1.0))
    page = layout("?metric=module_import_time")
    assert with_id(page, ids.OVERVIEW_WORKLOAD).value == "startup"
    assert with_id(page, ids.OVERVIEW_METRIC).value == "module_import_time"
    assert with_id(layout(""), ids.OVERVIEW_WORKLOAD).value is None


def test_energy_is_offered_once_some_machine_counted_it(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.05))
    assert "energy" not in [option["value"] for option in offer_metrics(None, None)[0]]
    more = (*inference_measurements(0.05), Measurement(metric=Metric.ENERGY, samples=(3.5,)))
    store(bench, measured(a_case(batch_size=4), 0.05, measurements=more))
    assert "energy" in [option["value"] for option in offer_metrics(None, None)[0]]


def test_each_workload_offers_its_own_metrics(bench: StandInWorkbench) -> None:
    offered, chosen = offer_metrics("startup", "latency")
    assert offered[0]["value"] == chosen == "model_initialization_time"
    offered, chosen = offer_metrics(None, "throughput")
    assert ([option["label"] for option in offered], chosen) == (["Latency", "Throughput", "Memory"], "throughput")


def test_a_model_outside_the_chosen_family_is_let_go(two_ways: StandInWorkbench) -> None:
    store(two_ways, measured(a_case("gpt2"), 0.05))
    assert offer_models("text_decoder", "bert") == (["gpt2"], None)
    assert offer_models(None, "bert") == (["bert", "gpt2"], "bert")


def test_opening_a_page_adds_nothing_to_the_history(two_ways: StandInWorkbench) -> None:
    for search in ("", "?model=bert&batch=8", "?metric=peak_memory", "?metric=module_import_time&rows=model"):
        page = layout(search)
        values = [with_id(page, component).value for component in _FILTERS.values()]
        assert write(*values, search) is no_update


def test_a_chosen_filter_is_written_to_the_address(two_ways: StandInWorkbench) -> None:
    values = {"model": "bert", "batch": 8, "metric": "latency"}
    written = write(*[values.get(name) for name in _FILTERS], "?model=bert")
    assert written == "?model=bert&batch=8&metric=latency"


def test_figures_of_other_environments_are_hidden_and_counted(two_ways: StandInWorkbench) -> None:
    store(two_ways, measured(a_case("gpt2"), 0.9, environment_id="other", day=1))
    _, _, count, _, model = show()
    assert model == "bert"
    assert text_of(count) == "15 results measured · 1 case hiddenother 1 case"
    assert [link.href for link in of_kind(count, "Link")] == ["/?machine=other"]
    assert show(machine="other")[4] == "gpt2"


def test_figures_of_another_machine_say_so(bench: StandInWorkbench) -> None:
    other = an_environment(environment_id="other", cpu="Other CPU")
    bench.database.write(lambda cursor: environments.save(cursor, other))
    store(bench, measured(a_case(), 0.04, environment_id="other"))
    count = show()[2]
    assert text_of(count) == "5 results measured on another machine or version"
    assert "Other CPU" in of_kind(count, "Span")[0].title


def test_trained_weights_have_a_history_like_any_model(bench: StandInWorkbench) -> None:
    case = a_case(size="checkpoint", checkpoint="/somewhere/mine", checkpoint_digest="0a")
    store(bench, measured(case, 0.05, run_id="one"), measured(case, 0.04, run_id="two", day=1))
    _, body, _, _, model = show()
    assert model == "mine"
    assert "first run" not in text_of(body)


def test_imported_figures_are_never_called_measured(bench: StandInWorkbench) -> None:
    theirs = an_environment(environment_id="theirs", accelerators=("Tesla T4",), source="a paper")
    bench.database.write(lambda cursor: environments.save(cursor, theirs))
    store(bench, measured(a_case(), 0.04, environment_id="theirs", provenance=Provenance.IMPORTED))
    _, body, count, _, _ = show()
    assert text_of(count) == "5 results imported, Tesla T4 (imported: a paper)"
    assert "imported" in text_of(body)


def test_simulated_results_are_never_shown(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04, provenance=Provenance.SIMULATED))
    assert "Nothing is measured yet" in text_of(show()[1])


def test_new_results_are_offered_and_not_drawn_over_what_is_read(two_ways: StandInWorkbench) -> None:
    seen = show()[3]
    assert offer_new_results(1, seen, 0)[1] is True
    store(two_ways, measured(a_case("gpt2"), 0.05, how_many=1, started_at=A_TIME + timedelta(days=1)))
    assert offer_new_results(1, seen, 0) == ("1 new result, load", False, no_update)


def test_a_page_that_is_still_empty_fills_by_itself(bench: StandInWorkbench) -> None:
    assert offer_new_results(1, None, 0) == (no_update, no_update, no_update)
    store(bench, measured(a_case(), 0.04, how_many=1))
    assert offer_new_results(1, 0, None)[2] == 1


def test_coverage_links_to_the_cases_and_to_what_could_be_measured(two_ways: StandInWorkbench) -> None:
    store(two_ways, [a_failed_result(a_case("gpt2", precision=BF16), reason="no kernel")])
    body = show()[1]
    states = {link.title: link.href for link in of_class(body, "coverage-link")}
    assert states["bert on cpu bf16: measured"] == "/comparison?model=bert&backend=cpu&precision=bf16"
    assert states["gpt2 on cpu bf16: fails, no kernel"] == "/comparison?model=gpt2&backend=cpu&precision=bf16"
    assert states["gpt2 on cpu fp32: not tried"] == "/live-runs?models=gpt2&backends=cpu&precisions=fp32"
    assert "2 of 4 combinations measured; gpt2 fails on cpu bf16" in titles()


def test_a_model_at_one_batch_size_offers_to_measure_more(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04))
    where = links(show()[1])["Measure more batch sizes"]
    assert where == "/live-runs?models=bert&workloads=inference&size=default"


def test_a_long_ranking_leads_to_all_of_it_in_the_same_terms(bench: StandInWorkbench) -> None:
    models = ("bert", "roberta", "distilbert", "gpt2", "llama", "t5", "bart", "vit", "clip")
    observed = inference_measurements(0.04)
    store(bench, *[measured(a_case(model), 0.04, how_many=1, measurements=observed) for model in models])
    where = links(show(metric="peak_memory")[1])["All 9"]
    assert where == "/comparison?backend=cpu&precision=fp32&batch=1&size=default&metric=peak_memory"


def test_every_metric_has_a_column_of_the_figures_table_in_its_unit(two_ways: StandInWorkbench) -> None:
    for metric, unit in ((Metric.LATENCY, "ms"), (Metric.THROUGHPUT, "items/s"), (Metric.PEAK_MEMORY, "MiB")):
        heads = [text_of(head) for head in of_kind(show(metric=metric.label)[1], "Th")]
        assert f"{metric.title}, {unit}" in heads


def test_the_metric_switch_speaks_for_every_chart(two_ways: StandInWorkbench) -> None:
    subtitles = [text_of(part) for part in of_class(show(metric="throughput")[1], "card-subtitle")]
    assert [text.split(" ")[0].rstrip(",") for text in subtitles[:3]] == ["Throughput"] * 3


def test_no_component_of_the_page_is_named_twice(two_ways: StandInWorkbench) -> None:
    named = [str(part.id) for part in parts([layout(""), *show()[:2]]) if getattr(part, "id", None)]
    assert len(named) == len(set(named))


def test_a_chart_says_what_disturbed_its_figures(bench: StandInWorkbench) -> None:
    hot = a_machine_state(throttled=True)
    store(bench, measured(a_case("bert"), 0.04, machine=hot), measured(a_case("bert", precision=BF16), 0.02))
    body = text_of(show()[1])
    assert "1 of 2 disturbed while measured (heat slowed a processor)" in body
    assert "busy machine" not in body
