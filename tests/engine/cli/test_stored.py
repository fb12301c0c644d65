"""results, query and export report on a home that holds one run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from engine.config import Settings
from engine.storage.database import Database
from tests.engine.cli.conftest import Cli

FIELDS = {
    "result_id",
    "run_id",
    "model_type",
    "size",
    "workload",
    "requested_backend",
    "backend",
    "actual_device",
    "precision",
    "batch_size",
    "sequence_length",
    "status",
    "failure",
    "provenance",
    "environment",
    "measured_at",
    "metrics",
}
"""What design.md section 9 promises of each object."""


@pytest.fixture
def empty(settings: Settings) -> Path:
    Database.open(settings.db_path).close()
    return settings.home


def test_results_as_json_keep_every_promised_field(cli: Cli, stored: Path) -> None:
    said = cli("results", "--benchmark-dir", stored, "--json")
    assert (said.status, said.errors) == (0, "")
    assert len(said.json) == 5
    for row in said.json:
        assert set(row) >= FIELDS
        for metric in row["metrics"].values():
            assert set(metric) == {"unit", "better", "median", "low", "high", "samples", "processes"}


def test_figures_are_in_si_units_with_their_direction(cli: Cli, stored: Path) -> None:
    row = cli("results", "--benchmark-dir", stored, "--batch-sizes", "8", "--json").json[0]
    latency, throughput = row["metrics"]["latency"], row["metrics"]["throughput"]
    assert (latency["unit"], latency["better"], latency["processes"]) == ("s", "lower", 1)
    assert latency["median"] == pytest.approx(0.32) and latency["low"] < 0.32 < latency["high"]
    assert (throughput["unit"], throughput["better"], throughput["low"]) == ("items/s", "higher", None)


def test_a_failed_result_has_its_kind_and_reason(cli: Cli, stored: Path) -> None:
    (row,) = cli("results", "--benchmark-dir", stored, "--model", "gpt2", "--format", "json").json
    assert row["failure"] == {"kind": "out_of_memory", "reason": "Ran out of memory."}
    assert row["metrics"] == {}


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--model", "bert", "--model", "gpt2"], 5),
        (["--batch-sizes", "8"], 2),
        (["--status", "failed"], 1),
        (["--precision", "bf16"], 0),
        (["--hardware", "cpu"], 5),
        (["--type", "startup"], 0),
        (["--run", "1"], 5),
        (["--limit", "3"], 3),
    ],
)
def test_filters_leave_what_was_asked_for(cli: Cli, stored: Path, words: list[str], count: int) -> None:
    assert len(cli("results", "--benchmark-dir", stored, "--json", *words).json) == count


def test_a_list_that_was_cut_says_so(cli: Cli, stored: Path) -> None:
    assert cli("results", "--benchmark-dir", stored, "--limit", "5").errors.startswith("The list ends at --limit 5")
    assert cli("results", "--benchmark-dir", stored, "--limit", "6").errors == ""


def test_every_format_holds_every_result(cli: Cli, stored: Path) -> None:
    table = cli("results", "--benchmark-dir", stored).output
    assert table.count("completed") == 4 and "Ran out of memory." in table and "40.0 ms" in table
    rows = list(csv.DictReader(io.StringIO(cli("results", "--benchmark-dir", stored, "--format", "csv").output)))
    assert sorted(row["latency"] for row in rows)[0] == "" and len(rows) == 5
    assert len(cli("results", "--benchmark-dir", stored, "--format", "markdown").output.splitlines()) == 7


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--model", "brt"], 2, "Unknown model type 'brt'. Did you mean bert"),
        (["--hardware", "cda"], 2, "Unknown backend 'cda'. Did you mean cuda?"),
        (["--run", "99"], 1, "No run '99'. Runs are numbered 1 to 1"),
        (["--limit", "0"], 2, "0 is not in the range"),
        (["--format", "yaml"], 2, "'yaml' is not one of 'table', 'json', 'csv', 'markdown'"),
    ],
)
def test_what_is_not_there_is_named(cli: Cli, stored: Path, words: list[str], status: int, told: str) -> None:
    said = cli("results", "--benchmark-dir", stored, *words)
    assert (said.status, said.output) == (status, "")
    assert told in said.errors


def test_an_empty_home_says_how_to_fill_it(cli: Cli, empty: Path) -> None:
    said = cli("results", "--benchmark-dir", empty)
    assert (said.status, said.output) == (0, "")
    assert "`modeldyno benchmark --model bert` measures a first one" in said.errors
    assert cli("results", "--benchmark-dir", empty, "--json").json == []


def test_a_query_answers_in_columns(cli: Cli, stored: Path) -> None:
    sql = "select model_type, count(*) as n, max(latency_seconds) as worst from results group by all order by 1"
    answer = cli("query", sql, "--benchmark-dir", stored, "--json").json
    assert (answer["columns"], answer["truncated"]) == (["model_type", "n", "worst"], False)
    (bert, bert_count, worst), (gpt2, gpt2_count, none) = answer["rows"]
    assert (bert, bert_count, gpt2, gpt2_count, none) == ("bert", 4, "gpt2", 1, None)
    assert worst == pytest.approx(0.32, rel=0.05)


@pytest.mark.parametrize(
    ("sql", "status", "told"),
    [
        ("delete from results", 2, "Query refused: Only SELECT statements run here"),
        ("select * from nowhere", 2, "There is no table 'nowhere' here. You can query: results"),
        ("select 1; select 2", 2, "run one SELECT at a time"),
        ("selekt 1", 1, 'Query failed: Line 1, column 1: syntax error at or near "selekt"'),
    ],
)
def test_a_query_that_does_not_run_says_why(cli: Cli, stored: Path, sql: str, status: int, told: str) -> None:
    said = cli("query", sql, "--benchmark-dir", stored)
    assert (said.status, said.output) == (status, "")
    assert told in said.errors


def test_an_exported_report_is_named_on_standard_output(cli: Cli, stored: Path) -> None:
    said = cli("export", "report", "--benchmark-dir", stored)
    assert said.status == 0
    path = Path(said.output.removesuffix("\n"))
    assert path.parent == stored / "reports"
    assert "gpt2" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("where", ["file", "folder", "report folder"])
def test_a_report_goes_where_it_is_sent(cli: Cli, stored: Path, tmp_path: Path, where: str) -> None:
    output = {"file": tmp_path / "mine.html", "folder": tmp_path, "report folder": stored / "reports"}[where]
    said = cli("export", "report", "--run", "1", "--benchmark-dir", stored, "--output", output, "--json")
    assert set(said.json) == {"report_id", "run_id", "format", "path"}
    path = Path(said.json["path"])
    assert output in (path, path.parent)
    assert path.is_file()


def test_a_report_that_cannot_be_sent_there_says_where_it_is(cli: Cli, stored: Path, tmp_path: Path) -> None:
    said = cli("export", "report", "--benchmark-dir", stored, "--output", tmp_path / "missing" / "mine.html")
    assert (said.status, said.output) == (1, "")
    assert said.errors.startswith(f"Report not written: The report is at {stored / 'reports'}")
    assert f"could not be copied to {tmp_path / 'missing' / 'mine.html'}: No such file or directory" in said.errors


def test_a_report_of_no_run_says_how_to_make_one(cli: Cli, empty: Path) -> None:
    said = cli("export", "report", "--benchmark-dir", empty)
    assert said.status == 1
    assert "No run has ended yet. `modeldyno benchmark --model bert` makes a first one." in said.errors
