from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.cli.tables import Row, print_pairs, print_results, print_run_summary
from engine.domain.case import Workload
from engine.domain.measurement import Metric
from engine.domain.result import FailureKind, Result
from engine.workflows.result_rows import result_row
from tests.builders import a_case, a_failed_result, a_result, inference_measurements
from tests.workload_builders import a_concurrency, a_generation, concurrency_figures, generation_figures, results_with

STARTUP = (Metric.MODEL_INITIALIZATION_TIME, Metric.CLASS_INSTANTIATION_TIME, Metric.MODULE_IMPORT_TIME)


def rows_of(*results: Result) -> list[Row]:
    return [result_row(result) for result in results]


def cells(output: str) -> list[list[str]]:
    """The words of each line between its columns, headings first."""
    lines = [line.strip() for line in output.splitlines() if line.strip(" ─")]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_a_summary_has_one_line_for_each_case_with_its_spread(capsys: pytest.CaptureFixture[str]) -> None:
    only_latency = [inference_measurements(latency)[:1] for latency in (0.01, 0.05, 0.02)]
    print_run_summary(rows_of(*(a_result(measurements=measurements) for measurements in only_latency)))
    headings, line = cells(capsys.readouterr().out)
    assert headings[:6] == ["Model", "Size", "Backend", "Precision", "Batch", "Type"]
    assert line[line.index("inference") + 1] == "20.0 ms (10.0 ms to 50.0 ms)"
    assert line[-1] == "3 of 3 completed"


def test_a_summary_is_ordered_by_name_and_by_the_number_that_a_batch_size_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cases = [a_case("vit"), a_case("distilbert"), a_case("bert", batch_size=16), a_case("bert", batch_size=2)]
    print_run_summary(rows_of(*(a_result(case) for case in cases)))
    lines = cells(capsys.readouterr().out)[1:]
    assert [(line[0], line[4]) for line in lines] == [("bert", "2"), ("bert", "16"), ("distilbert", "1"), ("vit", "1")]


def test_a_case_without_a_figure_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    failed = a_failed_result(kind=FailureKind.TIMEOUT, reason="Not finished after 300 s.", repetition=1)
    print_run_summary(rows_of(failed))
    line = cells(capsys.readouterr().out)[1]
    assert line[6:] == ["-", "-", "-", "0 of 1 completed; failed: Not finished after 300 s."]


def test_startup_brings_its_own_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_run_summary(rows_of(a_result(a_case(workload=Workload.STARTUP))))
    headings, line = cells(capsys.readouterr().out)
    assert headings[6:9] == [metric.title for metric in STARTUP]
    assert line[6:9] == ["110 ms", "940 ms", "210 ms"]


def test_a_run_that_ended_before_its_first_result_has_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_run_summary([])
    assert capsys.readouterr().out == ""


def test_csv_has_every_column_in_si_units(capsys: pytest.CaptureFixture[str]) -> None:
    print_results(rows_of(a_result(latency=0.04), a_failed_result(reason="ValueError: a, b")), "csv")
    completed, failed = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert float(completed["latency"]) == pytest.approx(0.04)
    assert (completed["peak_memory"], completed["failure"]) == ("510000000.0", "")
    assert completed["measured_at"] == "2026-03-14T09:26:53+00:00"
    assert (failed["status"], failed["failure"], failed["latency"]) == ("failed", "ValueError: a, b", "")


def test_the_table_of_results_has_one_line_for_each_process(capsys: pytest.CaptureFixture[str]) -> None:
    print_results(rows_of(a_result(latency=0.04), a_failed_result(reason="ValueError: bad")), "table")
    headings, completed, failed = cells(capsys.readouterr().out)
    assert headings[0] == "Run" and headings[-1] == "Measured"
    assert completed[0] == a_result().run_id, "what is printed must do for --run"
    assert completed[7:9] == ["completed", "40.0 ms"]
    assert failed[7:9] == ["failed: ValueError: bad", "-"]


def test_each_workload_has_a_table_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    generated = results_with(a_generation(), generation_figures(), how_many=1)
    served = results_with(a_concurrency(), concurrency_figures(), how_many=1)
    rows = rows_of(*generated, *served, a_result())
    print_run_summary(rows)
    inference, generation, concurrency = re.split(r"(?=\n Model )", capsys.readouterr().out)[1:]
    assert "Latency" in inference
    assert {"82.1", "10.0", "80.0"} <= set(generation.split())
    assert "1.80x" in concurrency
    assert "90.0" in concurrency
    assert "tokens/s" not in inference + concurrency
    print_results(rows, "table")
    assert capsys.readouterr().out.count("Backend") == 3


def test_plain_rows_tell_new_tokens_and_workers(capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of(*results_with(a_generation(), generation_figures(), how_many=1))
    rows += rows_of(*results_with(a_concurrency(), concurrency_figures(), how_many=1))
    print_results(rows, "csv")
    found = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["new_tokens"], row["workers"]) for row in found] == [("32", ""), ("", "2")]


def a_pair_row(**changes: object) -> Row:
    row = {
        "model": "bert",
        "size": "default",
        "backend": "cpu",
        "precision": "fp32",
        "batch_size": 1,
        "workload": "inference",
        "sequence_length": 128,
        "threads": None,
        "compiled": False,
        "attention": None,
        "cold": False,
        "metric": "latency",
        "base": "fp32",
        "new": "bf16",
        "ratio": 0.5,
        "low": 0.49,
        "high": 0.51,
        "p_value": 0.0078,
        "q_value": 0.0234,
        "verdict": "better",
        "pairs": 8,
        "pairs_to_decide": None,
        "comparisons": 3,
        "resolution": "resolves ±3.5 % among 3",
    }
    return row | changes


def test_pairs_say_what_their_verdicts_resolve(capsys: pytest.CaptureFixture[str]) -> None:
    open_verdict = {"verdict": "undecided", "pairs_to_decide": 12, "resolution": "8 pairs would resolve ±3.1 % among 3"}
    print_pairs([a_pair_row(), a_pair_row(batch_size=8, **open_verdict)])
    headings, *lines, below = cells(capsys.readouterr().out)
    assert below == ["Verdicts and what they resolve are corrected for 3 comparisons."]
    assert headings[-3:] == ["Pairs", "Verdict", "Resolves"]
    assert [line[-3:] for line in lines] == [
        ["8", "better", "±3.5 %"],
        ["8", "undecided (about 12 would decide)", "8 pairs: ±3.1 %"],
    ]


def test_pairs_on_several_backends_and_precisions_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    print_pairs([a_pair_row(), a_pair_row(backend="onnxruntime"), a_pair_row(precision="int8")])
    headings, *lines, _ = cells(capsys.readouterr().out)
    assert headings[:2] == ["Case", "Metric"]
    assert [line[0] for line in lines] == [
        "bert cpu fp32 batch 1",
        "bert onnxruntime fp32 batch 1",
        "bert cpu int8 batch 1",
    ]


@pytest.mark.parametrize("show", [print_run_summary, lambda rows: print_results(rows, "table")])
def test_cases_that_differ_in_options_alone_are_told_apart(
    capsys: pytest.CaptureFixture[str], show: Callable[[list[Row]], None]
) -> None:
    usual = a_case()
    options = ({}, {"threads": 1}, {"compiled": True, "attention": "sdpa"}, {"cold": True})
    cases = [replace(usual, **changes) for changes in options]
    show(rows_of(*(a_result(case) for case in cases)))
    headings, *lines = cells(capsys.readouterr().out)
    place = headings.index("Options")
    told = {line[place] for line in lines if len(line) >= len(headings) - 1}
    assert {words.removesuffix(" attention") for words in told} == {"-", "1 thread", "compiled, sdpa", "cold"}


def test_cases_that_differ_in_their_shape_alone_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    other = a_case(batch_size=8)
    print_run_summary(rows_of(*(a_result(case) for case in (a_case(), replace(a_case(), sequence_length=64), other))))
    headings, *lines = cells(capsys.readouterr().out)
    place = headings.index("Options")
    assert [line[place] for line in lines] == ["sequence 64", "sequence 128", "-"]


def test_a_column_of_options_is_there_only_where_any_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    print_run_summary(rows_of(a_result(), a_result(a_case(batch_size=8))))
    assert "Options" not in capsys.readouterr().out


def test_checkpoints_go_by_their_name(capsys: pytest.CaptureFixture[str]) -> None:
    trained = replace(a_case(), checkpoint="acme/bert-legal")
    print_run_summary(rows_of(a_result(), a_result(trained)))
    _, *lines = cells(capsys.readouterr().out)
    assert {line[0] for line in lines} == {"bert", "acme/bert-legal"}


def test_plain_rows_tell_options_checkpoint_and_noise(capsys: pytest.CaptureFixture[str]) -> None:
    case = replace(a_case(), threads=2, compiled=True, attention="sdpa", cold=True, checkpoint="acme/bert-legal")
    print_results(rows_of(a_result(case)), "csv")
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    options = [row[name] for name in ("threads", "compiled", "attention", "cold", "checkpoint")]
    assert options == ["2", "True", "sdpa", "True", "acme/bert-legal"]
    assert (row["model"], row["model_type"]) == ("acme/bert-legal", "bert")
    assert "is_noisy" in row
