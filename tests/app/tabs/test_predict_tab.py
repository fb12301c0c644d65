from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

import pytest
from dash import no_update
from flask import Flask

from app import data, ids
from app.tabs.predict import ask, asked_in, layout, measure, offer_sizes, show_answer, switch_metric
from app.views.prediction_answer import answer_sentence, prediction_answer
from app.views.prediction_form import AskedCase, metric_switch, size_options
from engine.config import Settings
from engine.domain.case import Precision
from engine.domain.measurement import Metric
from engine.domain.prediction import PredictedCase
from tests.app.measured import measured, store
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, parts, text_of, with_id
from tests.builders import a_case, a_model, a_prediction, a_summary, some_facts

DEFAULTS = asdict(AskedCase())


def answered(**asked: str) -> Any:
    return show_answer({**DEFAULTS, **asked}, "light")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInWorkbench]:
    """Three types at three batch sizes, whose time is proportional to their operations; trained once."""
    bench = StandInWorkbench(Settings.load(home=tmp_path_factory.mktemp("trained")))
    for weight, model in enumerate(("bert", "roberta", "gpt2"), 1):
        for batch in (1, 2, 8):
            facts = some_facts(parameters=10**8 * weight, flops=10**10 * weight * batch, input_bytes=2_048 * batch)
            latency = 0.04 * weight * batch
            store(bench, measured(a_case(model, batch_size=batch), latency, facts=facts, peak_memory=5e8 * weight))
    yield bench
    bench.close()


@pytest.fixture
def many(app: Flask, trained: StandInWorkbench) -> StandInWorkbench:
    app.extensions[data.EXTENSION] = trained
    return trained


def test_the_form_is_filled_in_so_that_one_press_answers() -> None:
    page = layout("")
    controls = (ids.PREDICT_MODEL, ids.PREDICT_SIZE, ids.PREDICT_BACKEND, ids.PREDICT_PRECISION, ids.PREDICT_BATCH_SIZE)
    assert [with_id(page, control).value for control in controls] == ["bert", "default", "cpu", "fp32", "4"]
    assert [option["value"] for option in with_id(page, ids.PREDICT_MODEL).options] == ["bert", "gpt2"]


def test_the_address_names_the_case_and_what_it_leaves_out_keeps_its_default() -> None:
    asked = asked_in("?model=gpt2&batch_size=16&nonsense=1&precision=")
    assert asked == AskedCase(model="gpt2", batch_size="16")
    assert with_id(layout("?model=gpt2"), ids.PREDICT_ASKED).data == {**DEFAULTS, "model": "gpt2"}


def test_the_sizes_of_the_form_are_those_of_the_model() -> None:
    form = layout("?model=bert-large-uncased")
    assert (with_id(form, ids.PREDICT_MODEL).value, with_id(form, ids.PREDICT_SIZE).value) == (
        "bert",
        "bert-large-uncased",
    )
    labels = [option["label"] for option in with_id(form, ids.PREDICT_SIZE).options]
    assert "bert-large-uncased (336 M, published)" in labels
    assert labels[:2] == ["default", "tiny"]
    options, chosen = offer_sizes("gpt2", "bert-large-uncased")
    assert "gpt2-xl (1.56 B, published)" in [option["label"] for option in options]
    assert chosen == "default"
    assert offer_sizes("gpt2", "tiny")[1] == "tiny"


def test_a_counted_size_says_so() -> None:
    options = size_options(a_model("bert", default_parameters=109_514_298, tiny_parameters=12_000))
    assert [option["label"] for option in options[:2]] == ["default (110 M, counted)", "tiny (12.0 k, counted)"]


def test_opening_the_page_adds_nothing_to_the_history() -> None:
    assert ask(0, None, "bert", "default", "cpu", "fp32", "4", DEFAULTS) == (no_update, no_update)
    assert switch_metric("latency", DEFAULTS) == (no_update, no_update)


def test_asking_writes_the_case_to_the_address() -> None:
    asked, search = ask(1, None, "gpt2", "tiny", "cpu", "bf16", "16", {**DEFAULTS, "metric": "peak_memory"})
    assert asked_in(search) == AskedCase(**asked)
    assert parse_qs(search[1:])["metric"] == ["peak_memory"]


def test_another_metric_is_another_curve_of_the_same_case() -> None:
    asked, search = switch_metric("throughput", {**DEFAULTS, "model": "gpt2"})
    assert asked_in(search) == AskedCase(**asked) == AskedCase(model="gpt2", metric="throughput")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"model": "brt"}, "Did you mean bert?"),
        ({"model": ""}, "No model is chosen"),
        ({"backend": ""}, "No backend is chosen"),
        ({"model": "ernie"}, "has no recipe"),
        ({"size": "huge"}, "Unknown size 'huge'"),
        ({"precision": "fp64"}, "Unknown precision 'fp64'"),
        ({"metric": "speed"}, "Choose one of: latency, peak_memory, throughput."),
        ({"metric": "module_import_time"}, "Choose one of: latency, peak_memory, throughput."),
        ({"batch_size": "abc"}, "Batch size 'abc' is not a whole number"),
        ({"batch_size": "0"}, "Batch size '0' is not a whole number"),
        ({"batch_size": ""}, "The batch size is empty"),
        ({"batch_size": "9" * 5000}, "is not a whole number"),
        ({"batch_size": "99999"}, "not between 1 and 4096"),
        ({"model": "<b>x</b>"}, "Unknown checkpoint '<b>x</b>'"),
    ],
)
def test_a_case_that_cannot_be_says_why_where_the_answer_would_be(asked: dict[str, str], reason: str) -> None:
    notice = answered(**asked)
    assert of_class(notice, "error-notice")
    assert reason in text_of(notice)


def test_with_too_few_measurements_it_says_how_many_are_missing(bench: StandInWorkbench) -> None:
    store(bench, measured(a_case(), 0.04))
    answer = answered()
    assert "No prediction for bert cpu fp32 batch 4 yet" in text_of(answer)
    assert "a prediction needs 8 cases of 3 types" in text_of(answer)
    assert of_kind(answer, "Link")[0].href == "/live-runs"


def test_a_backend_without_measurements_is_no_ground_for_numbers(many: StandInWorkbench) -> None:
    assert "Latency on cuda rests on 0 measured" in text_of(answered(backend="cuda"))


def test_an_answer_gives_the_figure_with_its_interval_and_its_grounds(many: StandInWorkbench) -> None:
    answer = answered()
    assert text_of(of_kind(answer, "H1")).startswith("Expect 16")
    assert "From 9 measured cases of 3 model types" in text_of(answer)
    assert [text_of(of_class(tile, "kpi-label")) for tile in of_class(answer, "kpi-tile")] == [
        "Latency",
        "Throughput",
        "Peak memory",
    ]
    assert {text_of(of_class(tile, "mark")) for tile in of_class(answer, "kpi-tile")} == {"predicted"}
    curve = of_class(of_class(answer, "chart-card-table"), "plain-table")
    measured_at = [row.children[0].children for row in of_kind(curve, "Tr")[1:] if row.children[3].children != "-"]
    assert measured_at == ["1", "2", "8"]


def test_a_case_that_was_measured_says_so_instead_of_guessing(many: StandInWorkbench) -> None:
    assert text_of(of_kind(answered(batch_size="8"), "H1")) == "bert at batch 8 was measured: 320.0 ms per batch."


def test_measuring_queues_the_case_as_it_stands_in_the_form(bench: StandInWorkbench) -> None:
    assert measure(0, "bert", "tiny", "cpu", "bf16", "16") is no_update
    said = measure(1, "bert", "tiny", "cpu", "bf16", "16")
    (progress,) = bench.supervisor.active()
    request = progress.run.request
    assert (request.models, request.backends, request.batch_sizes) == (("bert",), ("cpu",), (16,))
    assert (request.precisions, request.size) == ((Precision.BF16,), "tiny")
    assert of_kind(said, "Link")[0].href == f"/live-runs?run={progress.run.run_id}"


def test_measuring_a_checkpoint_asks_for_it_by_name(bench: StandInWorkbench) -> None:
    measure(1, "bert", "bert-large-uncased", "cpu", "fp32", "4")
    (progress,) = bench.supervisor.active()
    assert (progress.run.request.models, progress.run.request.size) == (("bert-large-uncased",), "auto")


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ((None, "default", "cpu", "fp32", "4"), "No model is chosen"),
        (("bert", "default", "cuda", "fp32", "4"), "No cuda device was found."),
        (("bert", "default", "cpu", "fp32", None), "The batch size is empty"),
    ],
)
def test_what_cannot_be_measured_says_why_and_queues_nothing(
    bench: StandInWorkbench, form: tuple[str | None, ...], reason: str
) -> None:
    assert reason in text_of(measure(1, *form))
    assert bench.supervisor.active() == []


def predicted(**changes: Any) -> PredictedCase:
    latency = a_prediction(value=0.160, low=0.110, high=0.230)
    given = {
        "case": latency.case,
        "predictions": {Metric.LATENCY: latency},
        "missing": {Metric.PEAK_MEMORY: "No case has it.", Metric.THROUGHPUT: "No case has it."},
        "curve": {Metric.LATENCY: (a_prediction(a_case(batch_size=1)), latency)},
        "measured": (a_summary(),),
    }
    return PredictedCase(**{**given, **changes})


def shown(case: PredictedCase, metric: Metric) -> Any:
    return prediction_answer(case, metric, "light", graph_id="curve", switch=metric_switch(metric.label))


def test_the_sentence_has_the_value_between_its_bounds() -> None:
    assert answer_sentence(predicted()) == "Expect 160 ms per batch, between 110 and 230."


def test_a_metric_that_cannot_be_predicted_has_its_reason_and_no_other_curve() -> None:
    answer = shown(predicted(), Metric.PEAK_MEMORY)
    assert "Peak memory cannot be predicted yet" in text_of(answer)
    assert of_kind(answer, "Graph") == []
    assert with_id(answer, ids.PREDICT_METRIC).value == "peak_memory"


def test_a_measured_memory_of_nothing_does_not_break_the_curve() -> None:
    empty = a_summary(peak_memory=0.0)
    memory = a_prediction(metric=Metric.PEAK_MEMORY, value=4e8, low=3e8, high=5e8)
    case = predicted(predictions={Metric.PEAK_MEMORY: memory}, curve={Metric.PEAK_MEMORY: (memory,)}, measured=(empty,))
    assert len(of_kind(shown(case, Metric.PEAK_MEMORY), "Graph")) == 1


def test_an_interval_that_claims_less_says_so_wherever_it_is_shown() -> None:
    modest = a_prediction(confidence=0.75)
    case = predicted(predictions={Metric.LATENCY: modest}, curve={Metric.LATENCY: (modest,)}, measured=())
    said = text_of(shown(case, Metric.LATENCY))
    assert "75 % interval, not measured" in said
    assert "90" not in said


def test_how_far_to_trust_it_is_said_with_what_it_was_tested_on() -> None:
    said = text_of(shown(predicted(), Metric.LATENCY))
    assert "How far to trust it: off by more than 21\N{THIN SPACE}% half the time" in said
    poor = a_prediction(error=0.5, baseline_error=0.2, coverage=None)
    said = text_of(shown(predicted(predictions={Metric.LATENCY: poor}), Metric.LATENCY))
    assert "no better than the nearest case" in said
    assert "too few cases to tell" in said


def test_no_component_of_the_page_is_named_twice(many: StandInWorkbench) -> None:
    named = [str(part.id) for part in parts([layout(""), answered()]) if getattr(part, "id", None)]
    assert len(named) == len(set(named))
