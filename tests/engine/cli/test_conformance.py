from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.catalog.registry import load_catalog
from engine.cli.conformance import _chosen
from engine.cli.conformance_tables import line_of, remaining_seconds, summary_of
from engine.config import Settings
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.storage import conformance as examinations
from engine.storage.database import Database
from tests.conformance_builders import A_REASON, a_conformance
from tests.engine.cli import processes
from tests.engine.cli.conftest import Cli

PASSES = Path(__file__).resolve().parents[1] / "conformance" / "a_good_module.py"
"""Modules under the names of types, so that these tests need no generator: one that a person has put there is
examined as it is."""
HANGS = "import time\nprint('hanging', flush=True)\ntime.sleep(60)\n"
FAILS = "raise ValueError('no luck')\n"


def kept(home: Path) -> set[tuple[str, str]]:
    """Types and verdicts in the database."""
    database = Database.open(Settings.load(home=home).db_path)
    try:
        with database.cursor() as cursor:
            return {(found.model_type, found.verdict.value) for found in examinations.newest(cursor)}
    finally:
        database.close()


@pytest.fixture
def home(fresh: Path) -> Path:
    """With a module that passes for gpt2 and bart, and one that fails for t5."""
    folder = fresh / "skillsets"
    folder.mkdir()
    for name, text in {"gpt2": PASSES.read_text(), "bart": PASSES.read_text(), "t5": FAILS}.items():
        (folder / f"hf_{name}.py").write_text(text)
    return fresh


def test_examinations_are_printed_and_kept(home: Path) -> None:
    words = ["--model", "gpt2", "--model", "t5", "--precision", "fp32,bf16", "--timeout", "60", "--json"]
    status, output, errors = processes.run("conformance", *words, home=home)
    assert status == 1
    found = json.loads(output)
    assert set(found) == {"conformance", "seconds"}
    told = [(each["model_type"], each["precision"], each["verdict"]) for each in found["conformance"]]
    assert told == [
        ("gpt2", "fp32", "works"),
        ("gpt2", "bf16", "works"),
        ("t5", "fp32", "fails"),
        ("t5", "bf16", "fails"),
    ]
    gpt2, _, t5, _ = found["conformance"]
    assert [outcome["check"] for outcome in gpt2["outcomes"]] == [check.value for check in Check]
    assert gpt2["flops"] > 0 and gpt2["bytes_moved"] > 0
    assert t5["outcomes"][0]["reason"] == "ValueError: no luck (hf_t5.py:1)."
    lines = errors.splitlines()
    assert {line.partition("] ")[2].partition(" in ")[0] for line in lines if line.startswith("[")} == {
        "gpt2 fp32 works",
        "gpt2 bf16 works",
        "t5 fp32 fails",
        "t5 bf16 fails",
    }
    assert "[4/4] " in errors
    assert lines[-1].startswith("4 examined in ") and ": 2 works, 2 fails. Slowest: " in lines[-1]
    assert kept(home) == {("gpt2", "works"), ("t5", "fails")}


def test_a_type_that_cannot_be_examined_is_listed_with_the_reason(home: Path) -> None:
    part = next(model.name for model in load_catalog(home / "cache").types.values() if not model.model_class)
    status, output, _ = processes.run("conformance", "--model", part, "--model", "gpt2", "--json", home=home)
    found, gpt2 = json.loads(output)["conformance"]
    assert (status, found["model_type"], found["verdict"], gpt2["verdict"]) == (0, part, "not_applicable", "works")
    assert found["outcomes"][0]["verdict"] == "not_applicable"
    assert part in found["outcomes"][0]["reason"]


def test_quiet_says_nothing_but_the_result(home: Path) -> None:
    status, output, errors = processes.run("conformance", "--model", "t5", "--quiet", home=home)
    assert (status, errors) == (1, "")
    assert "import: ValueError: no luck (hf_t5.py:1)." in output


def test_a_type_that_hangs_is_stopped_and_the_others_examined(home: Path) -> None:
    (home / "skillsets" / "hf_t5.py").write_text(HANGS)
    words = ["--model", "t5", "--model", "gpt2", "--timeout", "5", "--json"]
    status, output, _ = processes.run("conformance", *words, home=home)
    t5, gpt2 = json.loads(output)["conformance"]
    assert (status, t5["verdict"], gpt2["verdict"]) == (1, "fails", "works")
    assert t5["outcomes"][0]["reason"].startswith("Stopped after 5 s, ")
    assert t5["outcomes"][0]["detail"].endswith("hanging")


def test_ctrl_c_keeps_what_is_done_and_leaves_no_process(home: Path) -> None:
    (home / "skillsets" / "hf_t5.py").write_text(HANGS)
    words = ["--model", "gpt2", "--model", "t5", "--model", "bart", "--jobs", "1", "--timeout", "60", "--json"]
    process = processes.start("conformance", *words, home=home)
    processes.read_until(process, lambda line: line.startswith("[1/3]"))
    family = processes.descendants(process)
    output, errors = processes.interrupt(process)
    assert process.returncode == 130
    assert len(family) >= 1 and processes.survivors(family) == []
    assert [each["model_type"] for each in json.loads(output)["conformance"]] == ["gpt2"]
    assert errors.splitlines()[-1] == "Interrupted: 1 of 3 are examined and kept."
    assert "Traceback" not in errors
    assert kept(home) == {("gpt2", "works")}


@pytest.mark.parametrize(
    "words",
    [
        ["--timeout", "0"],
        ["--retry-timeout", "-1"],
        ["--jobs", "0"],
        ["--precision", "fp99"],
        ["--priority", "urgent"],
        ["--server", "http://127.0.0.1:1"],
    ],
)
def test_what_cannot_be_meant_is_refused(cli: Cli, fresh: Path, words: list[str]) -> None:
    said = cli("conformance", "--model", "bert", *words, "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")


@pytest.mark.parametrize("name", ["brt", "BERT"])
def test_an_unknown_type_stops_before_anything_is_examined(cli: Cli, fresh: Path, name: str) -> None:
    said = cli("conformance", "--model", "bert", "--model", name, "--benchmark-dir", fresh)
    assert said.status == 2
    assert f"Unknown model type '{name}'. Did you mean bert or " in said.errors


def test_a_tier_means_all_its_types_and_those_above(fresh: Path) -> None:
    catalog = load_catalog(fresh / "cache")
    critical = [model.name for model in _chosen(catalog, (), None)]
    assert {"bert", "gpt2", "vit"} <= set(critical)
    assert {model.tier.value for model in _chosen(catalog, (), "high")} == {"critical", "high"}
    assert {model.name for model in _chosen(catalog, (), "all")} == set(catalog.types)
    assert [model.name for model in _chosen(catalog, ("vit", "bert"), "all")] == ["vit", "bert"]


def test_a_line_has_the_reason_of_what_decided() -> None:
    assert line_of(a_conformance("bert")) == "bert fp32 works in 2.5 s"
    failed = a_conformance("bert", {Check.BATCH: Verdict.FAILS}, precision=Precision.BF16)
    assert line_of(failed) == f"bert bf16 fails in 2.5 s: batch: {A_REASON}"
    partial = a_conformance("clip", {Check.FORWARD: Verdict.PARTIAL})
    assert line_of(partial).startswith("clip fp32 partial in 2.5 s: It runs without pixel_values")


def test_the_summary_counts_verdicts_and_names_the_slowest() -> None:
    found = [
        a_conformance("bert", seconds=1.5),
        a_conformance("t5", {Check.COST: Verdict.FAILS}, seconds=9.0),
        a_conformance("vit", seconds=3.0),
        a_conformance("dpt", {Check.IMPORT: Verdict.UNAVAILABLE}, seconds=0.0),
    ]
    assert summary_of(found, 10.0) == (
        "4 examined in 10 s: 2 works, 1 fails, 1 unavailable. Slowest: t5 9.0 s, vit 3.0 s, bert 1.5 s."
    )
    assert summary_of([], 1.0) == "Nothing was examined."


def test_what_is_left_is_estimated_from_the_pace() -> None:
    assert remaining_seconds(10.0, 4, 100) is None
    assert remaining_seconds(10.0, 5, 45) == (60.0, 100.0)
    assert remaining_seconds(10.0, 2, 2) == (0.0, 0.0)
