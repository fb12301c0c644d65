"""modeldyno coverage on a home that holds examinations in two library versions."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from engine.catalog.registry import load_catalog
from engine.config import Settings
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.storage import conformance, environments
from engine.storage.database import Database
from tests.builders import an_environment
from tests.conformance_builders import A_REASON, A_TRACEBACK, a_conformance
from tests.engine.cli.conftest import Cli

BF16 = Precision.BF16


@pytest.fixture(scope="session")
def examined_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bert fails on bf16 alone; gpt2 failed before; vit worked before; clip is partial; whisper lacks a package."""
    home = tmp_path_factory.mktemp("examined")
    load_catalog(home / "cache")
    database = Database.open(Settings.load(home=home).db_path)
    database.write(lambda cursor: environments.save(cursor, an_environment()))
    found = [
        a_conformance("bert", days=-9, library_version="5.22.0"),
        a_conformance("gpt2", {Check.FORWARD: Verdict.FAILS}, days=-9, library_version="5.22.0"),
        a_conformance("vit", days=-9, library_version="5.22.0"),
        a_conformance("bert"),
        a_conformance("bert", {Check.BATCH: Verdict.FAILS}, precision=BF16),
        a_conformance("gpt2"),
        a_conformance("vit", {Check.FORWARD: Verdict.FAILS}),
        a_conformance("clip", {Check.FORWARD: Verdict.PARTIAL}),
        a_conformance("whisper", {Check.IMPORT: Verdict.UNAVAILABLE}),
        a_conformance("flux", library="diffusers", library_version="0.35.0", days=-1),
    ]
    for one in found:
        database.write(lambda cursor, one=one: conformance.save(cursor, one))
    database.close()
    return home


@pytest.fixture
def ask(cli: Cli, examined_home: Path):
    return lambda *words: cli("coverage", "--benchmark-dir", examined_home, *words)


def names(said) -> list[str]:
    return [f"{row['model_type']} {row['precision']}" for row in said.json]


def test_there_is_a_line_for_every_type_on_every_way(ask) -> None:
    said = ask("--json")
    assert said.status == 0
    assert len(said.json) == 2 * (len({row["model_type"] for row in said.json}))
    bert = next(row for row in said.json if row["model_type"] == "bert" and row["precision"] == "bf16")
    assert (bert["verdict"], bert["reason"]) == (
        "fails",
        A_REASON,
    )
    assert bert["checks"]["batch"]["verdict"] == "fails" and "detail" not in bert["checks"]["batch"]
    assert (bert["library_version"], bert["environment"]) == ("5.23.0", "env-0001")
    untried = next(row for row in said.json if row["model_type"] == "t5")
    assert (untried["verdict"], untried["checks"]["forward"], untried["examined_at"]) == ("not_tried", None, None)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--verdict", "fails"], ["bert bf16", "vit fp32"]),
        (["--verdict", "fails,partial", "--check", "forward"], ["vit fp32", "clip fp32"]),
        (["--verdict", "unavailable", "--model", "whisper"], ["whisper fp32"]),
        (["--family", "diffusion", "--model", "flux"], ["flux fp32", "flux bf16"]),
        (["--model", "bert", "--precision", "bf16"], ["bert bf16"]),
        (["--model", "bert", "--backend", "cuda"], []),
    ],
)
def test_filters_leave_what_was_asked_for(ask, words: list[str], found: list[str]) -> None:
    assert names(ask("--json", *words)) == found


def test_the_summary_stands_beside_the_table(ask) -> None:
    said = ask("--verdict", "fails")
    assert "bert" in said.output and "vit" in said.output and "gpt2" not in said.output
    assert "transformers 5.23.0, diffusers 0.35.0, cpu fp32: 3 of" in said.errors
    assert "1 works partially, 1 fails a check, " in said.errors and "were never examined." in said.errors
    assert "2 of" in said.errors and "lines pass the filters." in said.errors
    assert ask("--verdict", "fails", "--quiet").errors == ""


def test_a_checkpoint_stands_for_its_type(ask) -> None:
    said = ask("--model", "bert-large-uncased")
    assert "bert on cpu fp32: works" in said.output
    assert said.errors == "bert-large-uncased is a checkpoint of bert; types are examined, and this one is shown.\n"
    assert names(ask("--model", "google-bert/bert-large-uncased", "--json")) == ["bert fp32", "bert bf16"]


def test_a_table_has_a_column_for_each_check(ask) -> None:
    head = ask("--model", "bert", "--model", "vit").output.splitlines()[1]
    for title in ("Model", "Import", "Construct", "Forward", "Finite", "Repeat", "Batch", "Save", "Generate", "Cost"):
        assert title in head


def test_csv_and_markdown_hold_the_same_rows(ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("--verdict", "fails", "--format", "csv").output)))
    assert [(row["model_type"], row["batch"], row["forward"]) for row in rows] == [
        ("bert", "fails", "works"),
        ("vit", "not_tried", "fails"),
    ]
    assert len(ask("--verdict", "fails", "--format", "markdown").output.splitlines()) == 4


def test_one_type_is_shown_check_by_check_with_its_traceback(ask) -> None:
    said = ask("--model", "bert")
    assert "bert on cpu fp32: works" in said.output and "bert on cpu bf16: fails" in said.output
    assert "transformers 5.23.0, torch 2.13.0" in said.output and "391 MiB" in said.output
    assert A_TRACEBACK in said.output
    assert "modeldyno conformance --model bert" in said.output
    assert ask("--model", "bert", "--json").json[1]["checks"]["batch"]["detail"] == A_TRACEBACK
    assert "t5 on cpu fp32: not tried (Never examined.)" in ask("--model", "t5").output


def test_changes_are_told_with_regressions_first(ask) -> None:
    said = ask("--changes", "--json")
    assert [(row["kind"], row["model_type"], row["check"], row["before"], row["after"]) for row in said.json] == [
        ("regression", "vit", "forward", "works", "fails"),
        ("improvement", "gpt2", "forward", "fails", "works"),
        ("added", "clip", None, None, "partial"),
        ("added", "whisper", None, None, "unavailable"),
    ]
    assert "From transformers 5.22.0 to transformers 5.23.0: 1 regression, 1 improvement, 2 newly" in said.errors
    assert names_of(ask("--changes", "5.22.0", "--family", "vision")) == ["vit"]
    assert names_of(ask("--changes", "transformers 5.22.0", "--check", "forward")) == ["vit", "gpt2"]


def names_of(said) -> list[str]:
    return [line.split()[1] for line in said.output.splitlines() if line.strip().startswith(("regr", "impr", "added"))]


def test_the_document_is_written_where_it_was_asked_for(ask, tmp_path: Path) -> None:
    path = tmp_path / "docs" / "coverage.md"
    said = ask("--write", path)
    assert (said.status, said.output) == (0, f"{path}\n")
    text = path.read_text(encoding="utf-8")
    assert "## On cpu fp32" in text and "## On cpu bf16" in text and "| vit | ● | ● | ✗ |" in text
    ask("--write", path)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--model", "bert"], "--model"),
        (["--format", "csv", "--family", "vision"], "--family or --format"),
        (["--format", "table"], "--format"),
        (["--json"], "--json"),
        (["--changes"], "--changes"),
    ],
)
def test_the_document_refuses_what_it_would_ignore(ask, tmp_path: Path, words: list[str], told: str) -> None:
    said = ask("--write", tmp_path / "coverage.md", *words)
    assert (said.status, said.output) == (2, "")
    assert f"--write writes all of it as Markdown and takes no {told}; leave that out, or" in said.errors
    assert not (tmp_path / "coverage.md").exists()


def test_a_document_that_cannot_be_written_says_why(ask, tmp_path: Path) -> None:
    said = ask("--write", tmp_path)
    assert (said.status, said.output) == (1, "")
    assert f"{tmp_path} could not be written: Is a directory." in said.errors


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--model", "brt"], 2, "Unknown model type 'brt'. Did you mean bert"),
        (["--model", "BERT"], 2, "Unknown model type 'BERT'. Did you mean bert or"),
        (["--model", "bert-large-uncasd"], 2, "Did you mean bert-large-uncased or"),
        (["--verdict", "broken"], 2, "Unknown verdict 'broken'. Choose from: works, partial, fails"),
        (["--check", "forwards"], 2, "'forwards' is not one of"),
        (["--backend", "cda"], 2, "Unknown backend 'cda'. Did you mean cuda?"),
        (["--changes", "4.0.0"], 2, "Unknown examined version '4.0.0'. Choose one of: transformers 5.22.0."),
        (["--server", "http://127.0.0.1:1"], 2, "The server's Overview has the same under Coverage."),
    ],
)
def test_what_is_not_there_is_named(ask, words: list[str], status: int, told: str) -> None:
    said = ask(*words)
    assert (said.status, said.output) == (status, "")
    assert told in said.errors


def test_an_empty_home_says_how_to_fill_it(cli: Cli, settings: Settings, examined_home: Path) -> None:
    shutil.copytree(examined_home / "cache", settings.home / "cache")
    Database.open(settings.db_path).close()
    said = cli("coverage", "--benchmark-dir", settings.home)
    assert (said.status, said.output) == (0, "")
    assert "`modeldyno conformance --priority all` examines all of them" in said.errors
    assert cli("coverage", "--benchmark-dir", settings.home, "--json").json == []


def test_one_version_alone_has_no_changes(cli: Cli, settings: Settings, examined_home: Path) -> None:
    shutil.copytree(examined_home / "cache", settings.home / "cache")
    database = Database.open(settings.db_path)
    database.write(lambda cursor: conformance.save(cursor, a_conformance()))
    database.close()
    said = cli("coverage", "--benchmark-dir", settings.home, "--changes")
    assert (said.status, said.output) == (1, "")
    assert "Only one library version was examined" in said.errors
