"""Generation and concurrency on the pages: answers, key figures, columns, fields of the form, commands."""

from __future__ import annotations

from typing import Any

import pytest

from app import ids
from app.case_lines import case_lines
from app.tabs.comparison import show_details
from app.tabs.comparison_filters import FILTERS as COMPARISON_FILTERS
from app.tabs.comparison_table import fill_table
from app.tabs.live_runs import layout, preview_plan
from app.tabs.overview import _FILTERS, show_overview
from app.views.case_details import reproduce_command, start_again
from app.views.case_table import case_table
from engine.domain.case import Precision
from engine.domain.measurement import Measurement, Metric
from engine.formatting import THIN_SPACE
from tests.app.measured import store
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, text_of, with_id
from tests.app.tabs.form_values import form_values
from tests.builders import a_case, a_case_progress
from tests.workload_builders import (
    a_concurrency,
    a_generation,
    concurrency_figures,
    generation_figures,
    results_with,
    summary_with,
)

BF16 = Precision.BF16


def show(**filters: Any) -> tuple[Any, Any, Any, int, str]:
    return show_overview(*[filters.get(name) for name in _FILTERS], "light", False, None)


def answer(**filters: Any) -> str:
    return text_of(show(**filters)[0][0])


@pytest.fixture
def served(bench: StandInWorkbench) -> StandInWorkbench:
    """gpt2 generating at two batch sizes, bert answering requests of two workers."""
    store(
        bench,
        results_with(a_generation(), generation_figures(0.01)),
        results_with(a_generation(batch_size=8), generation_figures(0.02, 8)),
        results_with(a_concurrency(), concurrency_figures()),
    )
    return bench


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        ("inter_token_latency", "gpt2 takes 10.000 ms a token on cpu fp32 at batch 1."),
        ("time_to_first_token", "gpt2 takes 80.00 ms to its first token on cpu fp32 at batch 1."),
        ("prefill_time", "gpt2 takes 72.00 ms to read its prompt on cpu fp32 at batch 1."),
        ("generation_throughput", "gpt2 generates 82.05 tokens/s on cpu fp32 at batch 1."),
        ("decode_throughput", "gpt2 decodes 100.00 tokens/s on cpu fp32 at batch 1."),
        ("requests_per_second", "bert answers 40.00 requests/s with 2 workers on cpu fp32 at batch 1."),
        ("speedup", "bert reaches 1.800x the rate of one worker with 2 workers on cpu fp32 at batch 1."),
        ("scaling_efficiency", f"bert keeps 90.00{THIN_SPACE}% of ideal with 2 workers on cpu fp32 at batch 1."),
    ],
)
def test_the_answer_says_what_a_figure_is_of(served: StandInWorkbench, metric: str, sentence: str) -> None:
    assert answer(metric=metric) == sentence


def test_two_ways_of_scaling_are_better_or_worse_and_not_faster(bench: StandInWorkbench) -> None:
    store(
        bench,
        results_with(a_concurrency(), concurrency_figures(speedup=1.0)),
        results_with(a_concurrency(precision=BF16), concurrency_figures(speedup=2.0)),
    )
    assert answer(metric="speedup") == "cpu bf16 scales bert 2.00x better than cpu fp32."


def test_key_figures_are_those_of_the_workload(served: StandInWorkbench) -> None:
    labels = text_of(show(workload="generation", metric="inter_token_latency")[1][0])
    assert all(title in labels for title in ("Time to first token", "Inter-token latency", "Tokens per second"))
    labels = text_of(show(workload="concurrency", metric="speedup")[1][0])
    assert all(title in labels for title in ("Requests per second", "Speed-up", "Models per second"))


def test_tokens_a_second_grow_with_the_batch_as_throughput_does(served: StandInWorkbench) -> None:
    titles = [text_of(title) for title in of_class(show(metric="generation_throughput")[1], "card-title")]
    assert any(title.startswith("Batch 8 brings 4.00x the token rate of batch 1, 50") for title in titles), titles


def test_the_table_of_cases_has_their_headline_columns(served: StandInWorkbench) -> None:
    values = [None] * len(COMPARISON_FILTERS)
    columns, rows = fill_table(*values, None, False, None)
    shown = {column["field"]: column["headerName"] for column in columns if not column["hide"]}
    assert {"inter_token_latency", "generation_throughput", "requests_per_second", "speedup"} <= set(shown)
    assert "latency" not in shown
    assert {row["workload"] for row in rows} == {"generation", "concurrency"}


def test_a_run_of_one_workload_has_its_unit_in_the_head_and_of_several_in_each_line() -> None:
    generated = a_case_progress(0, "completed", a_generation(), latency_seconds=None, throughput=82.0)
    served = a_case_progress(1, "completed", a_concurrency(), latency_seconds=None, throughput=40.0)
    alone = case_table(case_lines([generated]), "all")
    assert "Throughput, tokens/s" in text_of(alone[0])
    both = text_of(case_table(case_lines([generated, served]), "all")[0])
    assert "82.0 tokens/s" in both
    assert "40.0 requests/s" in both


def test_the_form_is_filled_with_new_tokens_and_workers(bench: StandInWorkbench) -> None:
    page = layout("?models=gpt2&workloads=generation,concurrency&new_tokens=64&workers=3")
    assert with_id(page, ids.FORM_NEW_TOKENS).value == "64"
    assert with_id(page, ids.FORM_WORKERS).value == "3"
    assert [details.open for details in of_kind(page, "Details") if "More options" in text_of(details)] == [True]


def test_a_plan_of_too_few_tokens_says_what_is_possible(bench: StandInWorkbench) -> None:
    form = form_values(models=["gpt2"], batch_sizes="1", workloads=["generation"], switches=[], new_tokens="1")
    problem, _, disabled, _ = preview_plan(*form, None)
    assert disabled
    assert "new_tokens 1 is not between 2 and" in text_of(problem)


def test_a_case_is_measured_again_with_its_tokens_and_workers() -> None:
    generation = reproduce_command(summary_with(a_generation(new_tokens=64), generation_figures()))
    assert "--type generation" in generation
    assert "--new-tokens 64" in generation
    assert "--concurrent-workers 2" in reproduce_command(summary_with(a_concurrency(), concurrency_figures()))
    assert "workers=4" in start_again(summary_with(a_concurrency(workers=4), concurrency_figures()))


def test_the_details_of_a_case_tell_its_tail_process_by_process(bench: StandInWorkbench) -> None:
    case = a_case("bert")
    samples = tuple(0.04 + 0.0001 * number for number in range(80))
    store(
        bench, results_with(case, {}, how_many=3, measurements=(Measurement(metric=Metric.LATENCY, samples=samples),))
    )
    values = [{"metric": "latency", "rows": "family", "mode": "ratio"}.get(name) for name in COMPARISON_FILTERS]
    said = text_of(show_details({"case": case.case_id}, *values, "light"))
    assert "Latency, tail" in said
    assert "p90 47.1 ms" in said
    assert "p95" in said
    assert "p99" not in said
    assert "median and range of 3 processes with 80 iterations or more each" in said
