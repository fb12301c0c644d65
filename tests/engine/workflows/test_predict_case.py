"""What a case would cost, from results stored in a real database that follow a known law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.config import Settings
from engine.domain.case import Case, Precision
from engine.domain.measurement import Metric
from engine.domain.model import ModelFacts, Size
from engine.domain.result import FailureKind, Provenance
from engine.errors import InvalidValue, UnknownName
from engine.storage import results
from engine.workflows.predict_case import chosen_case, predict_case, predictable_backends
from engine.workflows.workbench import Workbench
from tests.builders import a_case, a_failed_result, a_result, an_environment, some_facts
from tests.engine.workflows.fake_launcher import FakeLauncher

MILLIONS = {"bert": 110, "gpt2": 124, "vit": 86, "t5": 60, "bart": 406}


def facts_of(case: Case) -> ModelFacts:
    parameters = MILLIONS[case.model_type] * 1_000_000
    return some_facts(
        parameters=parameters,
        parameter_bytes=4 * parameters,
        flops=256 * parameters * case.batch_size,
        input_bytes=1024 * case.batch_size,
    )


def law(case: Case) -> float:
    """Seconds of a machine that does 100 GFLOP/s and nothing else."""
    return facts_of(case).flops / 1e11


def measure(workbench: Workbench, *cases: Case, factor: float = 1.0, **changes) -> None:
    for case in cases:
        result = a_result(case, latency=factor * law(case), facts=facts_of(case), **changes)
        workbench.database.write(lambda cursor, result=result: results.save(cursor, result))


def a_counting_launcher() -> FakeLauncher:
    return FakeLauncher(parameters=lambda case: MILLIONS[case.model_type] * 1_000_000)


def with_measurements(workbench: Workbench) -> Workbench:
    """Four types, each at batch sizes 1, 8 and 32."""
    cases = [a_case(name, batch_size=size) for name in ("bert", "gpt2", "vit", "t5") for size in (1, 8, 32)]
    measure(workbench, *cases)
    return workbench


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """For tests that only ask: fitting takes a second."""
    settings = Settings.load(home=tmp_path_factory.mktemp("learned"))
    with Workbench.open(settings, launcher=a_counting_launcher(), environment=an_environment()) as opened:
        yield with_measurements(opened)


@pytest.fixture
def workbench(open_workbench: Callable[[FakeLauncher], Workbench]) -> Workbench:
    """For tests that add measurements."""
    return with_measurements(open_workbench(a_counting_launcher()))


def test_a_batch_size_between_measured_ones_follows_the_law(learned):
    asked = a_case("bert", batch_size=4)
    found = predict_case(learned, asked)
    latency = found.predictions[Metric.LATENCY]
    assert latency.value == pytest.approx(law(asked), rel=0.1)
    assert latency.low <= latency.value <= latency.high
    assert latency.training_cases == 12
    assert found.missing == {}
    assert learned.launcher.count("count_facts") == 0, "a measured model need not be counted"


def test_throughput_is_the_same_prediction_the_other_way_round(learned):
    found = predict_case(learned, a_case("bert", batch_size=4))
    latency, throughput = found.predictions[Metric.LATENCY], found.predictions[Metric.THROUGHPUT]
    assert throughput.value == pytest.approx(4 / latency.value)
    assert (throughput.low, throughput.high) == (4 / latency.high, 4 / latency.low)


def test_the_curve_goes_over_the_batch_sizes_and_the_one_asked_for(learned):
    found = predict_case(learned, a_case("bert", batch_size=3))
    for points in found.curve.values():
        assert [point.case.batch_size for point in points] == [1, 2, 3, 4, 8, 16, 32, 64]
    values = [point.value for point in found.curve[Metric.LATENCY]]
    assert values == sorted(values)


def test_what_was_measured_of_the_same_model_is_shown_beside_it(learned):
    found = predict_case(learned, a_case("bert", batch_size=8))
    assert [summary.case.batch_size for summary in found.measured] == [1, 8, 32]
    assert found.measured_here.case == a_case("bert", batch_size=8)


def test_a_model_never_measured_is_counted_in_a_child_once(workbench):
    found = predict_case(workbench, a_case("bart", batch_size=2))
    assert found.measured == ()
    assert "this model was never measured" in found.predictions[Metric.LATENCY].explanation
    assert {point.confidence for point in found.curve[Metric.THROUGHPUT]} == {4 / 5}, "four types carry no more"
    predict_case(workbench, a_case("bart", batch_size=16))
    assert workbench.launcher.count("count_facts") == 1


def test_too_few_cases_are_told_for_every_metric_with_what_is_missing(open_workbench):
    workbench = open_workbench(a_counting_launcher())
    measure(workbench, a_case("bert"), a_case("vit"))
    found = predict_case(workbench, a_case("bert", batch_size=4))
    assert (found.predictions, found.curve) == ({}, {})
    assert set(found.missing) == {Metric.LATENCY, Metric.THROUGHPUT, Metric.PEAK_MEMORY}
    assert "rests on 2 measured inference cases of 2 model types" in found.missing[Metric.LATENCY]


def test_a_precision_never_measured_is_not_predicted(learned):
    found = predict_case(learned, a_case("bert", precision=Precision.BF16))
    assert "Only 0 bf16 cases were measured on cpu here" in found.missing[Metric.LATENCY]


def test_results_of_other_machines_simulations_and_failures_teach_nothing(workbench):
    cases = [a_case("bart", batch_size=size) for size in (1, 8, 32)]
    measure(workbench, *cases, environment_id="another-machine")
    measure(workbench, *(replace(case, batch_size=64) for case in cases[:1]), provenance=Provenance.SIMULATED)
    failed = a_failed_result(a_case("bart", batch_size=128), FailureKind.OUT_OF_MEMORY)
    workbench.database.write(lambda cursor: results.save(cursor, failed))
    assert predict_case(workbench, a_case("bert", batch_size=4)).predictions[Metric.LATENCY].training_cases == 12


def test_cases_with_another_number_of_threads_teach_nothing(workbench):
    slow = [a_case(name, batch_size=size, threads=1) for name in ("bert", "gpt2", "vit") for size in (1, 8, 32)]
    measure(workbench, *slow, factor=8.0)
    asked = a_case("bert", batch_size=4)
    all_cores = predict_case(workbench, asked).predictions[Metric.LATENCY]
    one_thread = predict_case(workbench, replace(asked, threads=1)).predictions[Metric.LATENCY]
    assert (all_cores.training_cases, one_thread.training_cases) == (12, 9)
    assert all_cores.value == pytest.approx(law(asked), rel=0.1)
    assert one_thread.value == pytest.approx(8 * law(asked), rel=0.1)


@pytest.mark.parametrize("option", [{"compiled": True}, {"attention": "eager"}])
def test_compiled_cases_and_those_of_another_attention_teach_nothing(workbench, option):
    measure(workbench, *[a_case(name, **option) for name in ("bert", "gpt2", "vit")], factor=8.0)
    assert predict_case(workbench, a_case("bert", batch_size=4)).predictions[Metric.LATENCY].training_cases == 12


def test_new_measurements_are_learned_from_at_once(workbench):
    asked = a_case("bert", batch_size=4)
    assert predict_case(workbench, asked).predictions[Metric.LATENCY].training_cases == 12
    measure(workbench, a_case("bert", batch_size=16))
    assert predict_case(workbench, asked).predictions[Metric.LATENCY].training_cases == 13


def test_a_chosen_case_has_the_types_own_shape(measured):
    workbench, _ = measured
    case = chosen_case(workbench, model="vit", size=Size.TINY, backend="cpu", precision=Precision.FP32, batch_size=2)
    assert (case.image_size, case.sequence_length, case.batch_size) == (128, None, 2)


@pytest.mark.parametrize(
    ("model", "size"), [("bert", "google-bert/bert-large-uncased"), ("bert-large-uncased", Size.DEFAULT)]
)
def test_a_checkpoint_is_chosen_as_the_size_or_as_the_model(measured, model, size):
    workbench, _ = measured
    case = chosen_case(workbench, model=model, size=size, backend="cpu", precision=Precision.FP32, batch_size=2)
    assert (case.model_type, case.size, case.sequence_length) == ("bert", "bert-large-uncased", 128)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"model": "brt"}, UnknownName, "bert"),
        ({"model": "nougat"}, InvalidValue, "no model class"),
        ({"size": "bert-lrge"}, UnknownName, "Unknown size 'bert-lrge'"),
        ({"size": "gpt2-xl"}, InvalidValue, "gpt2-xl is a checkpoint of gpt2, not of bert"),
        ({"batch_size": 0}, InvalidValue, "Batch size 0 is not between 1 and 4096"),
        ({"batch_size": 5000}, InvalidValue, "Batch size 5000 is not between"),
    ],
)
def test_what_cannot_be_predicted_is_refused_by_name(measured, changes, error, words):
    choice = {"model": "bert", "size": Size.DEFAULT, "backend": "cpu", "precision": Precision.FP32, "batch_size": 1}
    with pytest.raises(error, match=words):
        chosen_case(measured[0], **{**choice, **changes})


def test_backends_are_those_with_measurements_else_the_processor(open_workbench):
    workbench = open_workbench(a_counting_launcher())
    assert predictable_backends(workbench) == ["cpu"]
    measure(workbench, a_case("bert", backend="openvino"))
    assert predictable_backends(workbench) == ["openvino"]
