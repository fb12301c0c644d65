"""What a real pipeline leaves behind, and what the commands after it make of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.cli.conftest import A_TINY_BERT, Cli, Measured


def test_the_pipeline_answers_with_counts(measured: Measured) -> None:
    said = measured.said
    assert said.status == 0, said.errors
    assert set(said.json) == {"run_id", "completed", "failed", "skipped", "seconds"}
    assert (said.json["completed"], said.json["failed"], said.json["skipped"]) == (2, 0, 0)
    assert said.json["seconds"] > 0


def test_the_way_is_told_line_by_line_beside_the_result(measured: Measured) -> None:
    lines = measured.said.errors.splitlines()
    assert lines[0].startswith("bert verified in ")
    assert lines[1].startswith(f"Run 1 ({measured.said.json['run_id']}) on ")
    assert [line[:5] for line in lines if "process 1: completed, " in line] == ["[1/2]", "[2/2]"]
    assert "Run 1 completed: 2 completed of 2 results." in lines


def test_everything_lies_where_the_folders_said(measured: Measured) -> None:
    assert sorted(path.name for path in measured.skillsets.glob("*.py")) == ["hf_bert.py", "skillset_base.py"]
    assert not measured.in_home & {"skillsets", "not-this-one"}
    assert "modeldyno.duckdb" in measured.in_home
    reported = next(line for line in measured.said.errors.splitlines() if line.startswith("Report: "))
    assert Path(reported.removeprefix("Report: ")).parent == measured.home / "reports"


def test_a_real_measurement_is_stored_as_it_was_asked_for(cli: Cli, measured: Measured) -> None:
    rows = cli("results", "--benchmark-dir", measured.home, "--run", "1", "--json").json
    assert sorted(row["batch_size"] for row in rows) == [1, 2]
    for row in rows:
        assert (row["model_type"], row["size"], row["workload"]) == ("bert", "tiny", "inference")
        assert (row["requested_backend"], row["backend"], row["actual_device"]) == ("cpu", "cpu", "cpu")
        assert (row["sequence_length"], row["status"], row["failure"]) == (8, "completed", None)
        assert row["provenance"] == "measured"
        assert row["metrics"]["latency"]["median"] > 0 and row["metrics"]["latency"]["samples"] >= 10
        assert row["metrics"]["peak_memory"]["unit"] == "B"


def test_what_was_measured_recently_is_left_out(cli: Cli, measured: Measured) -> None:
    words = [*A_TINY_BERT, "--batch-sizes", "1,2", "--runs", "1", "--benchmark-dir", measured.home]
    said = cli("benchmark", *words, "--incremental", "--report", "--json")
    assert said.status == 0, said.errors
    assert (said.json["completed"], said.json["skipped"], said.json["report"]) == (0, 2, None)
    assert {row["failure"]["kind"] for row in said.json["results"]} == {"already_measured"}
    assert said.errors.splitlines()[-1] == "No report: nothing was measured."


@pytest.mark.parametrize(("precision", "status"), [("int4", 1), ("int4,fp32", 0)])
def test_a_precision_that_is_not_here_is_skipped_with_the_reason(
    cli: Cli, measured: Measured, precision: str, status: int
) -> None:
    words = [*A_TINY_BERT, "--batch-sizes", "1", "--runs", "1", "--benchmark-dir", measured.home]
    said = cli("benchmark", *words, "--precision", precision, "--incremental")
    assert "skipped: cpu does not run int4 here; it runs fp32" in said.errors
    assert said.status == status


def test_two_configurations_are_measured_in_pairs_and_judged(cli: Cli, measured: Measured) -> None:
    words = [*A_TINY_BERT, "--batch-sizes", "1", "--runs", "6", "--benchmark-dir", measured.home]
    said = cli("benchmark", *words, "--against", "precision=bf16", "--json")
    assert said.status == 0, said.errors
    assert said.json["completed"] == 12
    by_time = sorted(said.json["results"], key=lambda row: row["measured_at"])
    pairs = [sorted(row["precision"] for row in by_time[at : at + 2]) for at in range(0, 12, 2)]
    assert pairs == [["bf16", "fp32"]] * 6
    assert all("Timed in turns of up to 30 ms" in " ".join(row["notes"]) for row in by_time)
    for found in said.json["pairs"]:
        assert (found["base"], found["new"], found["pairs"]) == ("fp32", "bf16", 6)
        assert found["low"] <= found["ratio"] <= found["high"]
        assert found["verdict"] in ("better", "worse", "same", "undecided")
    latency = next(found for found in said.json["pairs"] if found["metric"] == "latency")
    assert 0.02 < latency["ratio"] < 50 and 2 / 64 <= latency["p_value"] <= 1


def test_a_second_configuration_that_is_the_first_is_refused(cli: Cli, measured: Measured) -> None:
    said = cli("benchmark", *A_TINY_BERT, "--benchmark-dir", measured.home, "--against", "threads=1")
    assert said.status == 2
    assert "The second configuration, threads=1, is the first one" in said.errors
