"""From a request to rows with generated skillsets, real processes and a real database; and what rests on them."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from engine.benchmarking import codec
from engine.catalog.checkpoints import size_names
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.result import ResultFilter, ResultStatus
from engine.domain.skillset import GenerationStatus
from engine.errors import LauncherFailure, SkillsetFailure
from engine.skillsets.shared_file import identity_of
from engine.storage import facts as stored_facts
from engine.storage import results, skillsets
from engine.workflows.case_facts import count_case_facts, default_case
from engine.workflows.compare_runs import compare_runs
from engine.workflows.predict_case import predict_case, predictable_backends
from engine.workflows.result_rows import result_rows
from tests.builders import a_request
from tests.engine.workflows.conftest import REAL_BATCH_SIZES, REAL_TYPES


@pytest.fixture(scope="module")
def rows(measured):
    workbench, run = measured
    with workbench.database.cursor() as cursor:
        return results.of_run(cursor, run.run_id)


def test_every_case_that_was_asked_for_is_a_completed_row(measured, rows):
    _, run = measured
    assert (run.completed, run.failed, run.skipped, run.total) == (9, 0, 0, 9)
    asked = {(name, batch_size) for name in REAL_TYPES for batch_size in REAL_BATCH_SIZES}
    assert {(row.case.model_type, row.case.batch_size) for row in rows} == asked
    assert all(row.status is ResultStatus.COMPLETED and row.actual_device == "cpu" for row in rows)


def test_the_log_says_beforehand_what_would_disturb_the_run(measured):
    workbench, run = measured
    told = [line for line in workbench.supervisor.progress(run.run_id).log if line.startswith("Preflight: ")]
    assert len(told) >= 2
    assert "over a minute" in told[-1] and "of memory free" in told[-1]


def test_every_row_has_its_samples_and_consistent_figures(rows):
    for row in rows:
        seconds = row.measurement(Metric.LATENCY).samples
        assert len(seconds) == 5 and min(seconds) > 0
        (throughput,) = row.measurement(Metric.THROUGHPUT).samples
        assert throughput == pytest.approx(row.case.batch_size * 5 / sum(seconds))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak")
def test_the_peak_holds_the_weights_at_least(rows):
    for row in rows:
        assert row.measurement(Metric.PEAK_MEMORY).samples[0] > row.facts.parameter_bytes


def test_operations_grow_with_the_batch_and_parameters_do_not(rows):
    of = {(row.case.model_type, row.case.batch_size): row.facts for row in rows}
    for name in REAL_TYPES:
        assert of[name, 4].flops == 4 * of[name, 1].flops
        assert of[name, 4].parameters == of[name, 1].parameters


def test_the_row_names_the_very_text_that_was_measured(measured, rows):
    workbench, _ = measured
    with workbench.database.cursor() as cursor:
        known = {skillset.model_type: skillset for skillset in skillsets.latest(cursor)}
    for row in rows:
        path = workbench.settings.skillset_dir / f"hf_{row.case.model_type}.py"
        assert row.skillset_checksum == identity_of(path) == known[row.case.model_type].checksum
        assert known[row.case.model_type].status is GenerationStatus.VERIFIED


def test_parameters_counted_without_numbers_are_those_of_the_measured_model(measured, rows):
    workbench, _ = measured
    of_bert = next(row for row in rows if row.case.model_type == "bert" and row.case.batch_size == 2)
    path = workbench.settings.skillset_dir / "hf_bert.py"
    arguments = {"skillset_path": str(path), "case": codec.case_to_json(of_bert.case)}
    counted = workbench.launcher.run(
        "engine.benchmarking.model_facts:count_facts", arguments, timeout_seconds=120
    ).value
    assert codec.facts_from_json(counted["facts"]) == of_bert.facts
    assert counted["notes"] == []


def test_a_published_checkpoint_is_measured_at_its_own_size_under_its_own_name(measured):
    workbench, _ = measured
    name = "sentence-transformers/all-MiniLM-L6-v2"
    run = workbench.supervisor.wait(workbench.supervisor.submit(a_request(name)).run_id, 300.0)
    with workbench.database.cursor() as cursor:
        (row,) = results.of_run(cursor, run.run_id)
        assert results.count(cursor, ResultFilter(models=("all-MiniLM-L6-v2",))) == 1
        assert results.count(cursor, ResultFilter(models=("bert",))) == 1 + len(REAL_BATCH_SIZES)
    assert (row.status, row.case.model_type, row.case.size) == (ResultStatus.COMPLETED, "bert", "all-MiniLM-L6-v2")
    assert (row.case.label, row.case.sequence_length) == ("all-MiniLM-L6-v2 cpu fp32 batch 1", 128)
    assert row.facts.parameters == pytest.approx(size_names()["all-MiniLM-L6-v2"].parameters, rel=0.02)
    with workbench.database.cursor() as cursor:
        assert stored_facts.load_all(cursor)[row.case.case_id].parameters == row.facts.parameters


def test_the_default_size_is_counted_in_a_child_and_remembered(measured):
    workbench, _ = measured
    case = default_case(workbench.catalog.get("bert"))
    facts = count_case_facts(workbench, case)
    assert facts.parameters == 109_514_298
    assert facts.parameter_bytes == 4 * facts.parameters
    with workbench.database.cursor() as cursor:
        assert stored_facts.load_all(cursor)[case.case_id] == facts
    workbench.settings.skillset_dir.joinpath("hf_bert.py").rename(workbench.settings.skillset_dir / "away")
    try:
        assert count_case_facts(workbench, case) == facts
    finally:
        workbench.settings.skillset_dir.joinpath("away").rename(workbench.settings.skillset_dir / "hf_bert.py")


def test_facts_of_an_impossible_case_fail_with_the_models_own_words(measured):
    workbench, _ = measured
    case = replace(default_case(workbench.catalog.get("bert")), sequence_length=100_000)
    with pytest.raises(LauncherFailure, match="could not be counted: ValueError: Sequence length 100000 is not"):
        count_case_facts(workbench, case)


def test_facts_of_a_type_without_a_recipe_are_refused(measured):
    workbench, _ = measured
    with pytest.raises(SkillsetFailure, match="dinat needs natten: pip install natten"):
        count_case_facts(workbench, default_case(workbench.catalog.get("dinat")))


def test_a_prediction_rests_on_the_measured_cases_and_lies_in_its_interval(measured, rows):
    workbench, _ = measured
    asked = replace(rows[0].case, batch_size=3)
    found = predict_case(workbench, asked)
    assert [summary.case.batch_size for summary in found.measured] == list(REAL_BATCH_SIZES)
    assert found.measured_here is None
    assert {Metric.LATENCY, Metric.THROUGHPUT, Metric.PEAK_MEMORY} == set(found.predictions) | set(found.missing)
    for metric, prediction in found.predictions.items():
        assert prediction.training_cases == 9, metric
        assert prediction.low <= prediction.value <= prediction.high
        assert 3 in [point.case.batch_size for point in found.curve[metric]]


def test_backends_with_measurements_are_those_that_can_be_predicted(measured):
    assert predictable_backends(measured[0]) == ["cpu"]


def test_a_run_compared_with_itself_has_ratio_one_and_decides_nothing(measured):
    workbench, run = measured
    compared = compare_runs(workbench, run.run_id, str(run.number))
    assert len(compared) == 9
    assert all(found.comparison.ratio == 1.0 and found.is_same_environment for found in compared)


def test_rows_for_programs_carry_units_and_the_own_interval_of_a_process(measured):
    workbench, run = measured
    printed = result_rows(workbench, ResultFilter(run_id=run.run_id, models=("vit",), batch_sizes=(4,)))
    (row,) = printed
    assert (row["size"], row["threads"], row["status"], row["failure"]) == (Size.TINY.value, 1, "completed", None)
    latency = row["metrics"]["latency"]
    assert (latency["unit"], latency["better"], latency["samples"], latency["processes"]) == ("s", "lower", 5, 1)
    assert (latency["low"], latency["high"]) == (None, None)  # five iterations carry no interval
    assert row["metrics"]["throughput"]["median"] > 0


def test_detected_backends_are_kept_in_the_home_of_the_workbench(measured):
    workbench, _ = measured
    cpu = workbench.backends()[0]
    assert (cpu.backend, cpu.available) == ("cpu", True)
    assert "cpu" in (workbench.settings.home / "cache" / "backends.json").read_text()
