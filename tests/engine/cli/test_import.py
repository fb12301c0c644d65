"""`modeldyno import measurements` on a home of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.cli.conftest import Cli
from tests.engine.importing.test_other_tools import OPTIMUM

CSV = "model,device,precision,batch_size,latency_ms\nbert,Tesla T4,fp32,8,12.5\ngpt2,Tesla T4,fp32,1,40\n"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.csv"
    path.write_text(CSV)
    return path


def test_imported_results_are_listed_with_their_provenance(cli: Cli, fresh: Path, theirs: Path) -> None:
    said = cli("import", "measurements", theirs, "--source", "A. Colleague", "--benchmark-dir", fresh, "--json")
    assert said.status == 0, said.errors
    assert (said.json["results"], said.json["format"], said.json["source"]) == (2, "csv", "A. Colleague")
    assert [run["machine"] for run in said.json["runs"]] == ["Tesla T4 (imported: A. Colleague)"]
    rows = cli("results", "--benchmark-dir", fresh, "--json").json
    assert {(row["provenance"], row["actual_device"], row["duration_seconds"]) for row in rows} == {
        ("imported", "Tesla T4", None)
    }
    assert sorted(row["metrics"]["latency"]["median"] for row in rows) == [0.0125, 0.04]
    again = cli("import", "measurements", theirs, "--benchmark-dir", fresh)
    assert again.status == 1 and "was imported before" in again.errors


def test_a_name_that_only_the_import_knows_is_found(cli: Cli, fresh: Path, theirs: Path, tmp_path: Path) -> None:
    theirs.write_text(CSV.replace("bert", "their-bert"))
    told = tmp_path / "models.json"
    told.write_text('{"their-bert": {"model_type": "bert"}}')
    assert cli("import", "measurements", theirs, "--models", told, "--benchmark-dir", fresh).status == 0
    (row,) = cli("results", "--model", "their-bert", "--benchmark-dir", fresh, "--json").json
    assert (row["model_type"], row["size"]) == ("bert", "their-bert")
    assert cli("results", "--model", "nobodys-bert", "--benchmark-dir", fresh).status == 2


def test_a_dry_run_says_what_it_would_do(cli: Cli, fresh: Path, theirs: Path) -> None:
    said = cli("import", "measurements", theirs, "--dry-run", "--benchmark-dir", fresh)
    assert said.status == 0, said.errors
    assert "2 results of theirs.csv (csv) from theirs.csv would be stored" in said.errors
    assert "Tesla T4 (imported: theirs.csv)" in said.output
    assert cli("results", "--benchmark-dir", fresh, "--json").json == []


def test_what_of_a_file_was_left_is_told(cli: Cli, fresh: Path, tmp_path: Path) -> None:
    path = tmp_path / "benchmark.json"
    path.write_text(json.dumps(OPTIMUM))
    said = cli("import", "measurements", path, "--dry-run", "--benchmark-dir", fresh)
    assert said.status == 0, said.errors
    assert "Not taken: max_ram" in said.errors
    told = cli("import", "measurements", path, "--dry-run", "--json", "--benchmark-dir", fresh).json["remarks"]
    assert [remark in said.errors for remark in told] == [True, True]


@pytest.mark.parametrize(
    ("text", "words", "status", "told"),
    [
        (CSV + "bert,Tesla T4,fp32,1,-3\n", (), 2, "theirs.csv: line 4: latency_ms -3 is not a positive number."),
        (CSV.replace("latency_ms", "latency"), (), 2, "line 2: latency has no unit"),
        (CSV.replace("latency_ms", "speed"), (), 2, "line 1: unknown column 'speed'"),
        (CSV, ("--map", "device"), 2, "--map 'device' is no pair"),
        (CSV, ("--set", "x=1"), 2, "--set x: no such field"),
        (CSV, ("--server", "http://127.0.0.1:1"), 2, "works on this machine's own files"),
    ],
)
def test_what_is_refused_stores_nothing(
    cli: Cli, fresh: Path, theirs: Path, text: str, words: tuple[str, ...], status: int, told: str
) -> None:
    theirs.write_text(text)
    said = cli("import", "measurements", theirs, *words, "--benchmark-dir", fresh)
    assert (said.status, said.output) == (status, ""), said
    assert told in " ".join(said.errors.split())
    assert cli("results", "--benchmark-dir", fresh, "--json").json == []
