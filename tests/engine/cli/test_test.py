"""`modeldyno test`, as real processes over modules that a person has put there."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from engine.catalog.registry import load_catalog
from engine.domain.skillset_suite import SUITES, SkillsetSuite
from engine.reports.suite_words import SUITE_CHECK_TITLES
from tests.engine.cli import processes
from tests.engine.cli.conftest import Cli

PASSES = Path(__file__).resolve().parents[1] / "conformance" / "a_good_module.py"
HANGS = "import time\nprint('hanging', flush=True)\ntime.sleep(60)\n"


@pytest.fixture
def home(fresh: Path) -> Path:
    """With a module that passes for gpt2, and one that fails for t5."""
    folder = fresh / "skillsets"
    folder.mkdir()
    (folder / "hf_gpt2.py").write_text(PASSES.read_text())
    (folder / "hf_t5.py").write_text("raise ValueError('no luck')\n")
    return fresh


def test_suites_are_printed_and_written_for_ci(home: Path, tmp_path: Path) -> None:
    report = tmp_path / "found.xml"
    status, output, errors = processes.run("test", "gpt2", "t5", "--json", "--junit", report, home=home)
    assert status == 1
    gpt2, t5 = json.loads(output)["tests"]
    assert [(each["name"], each["verdict"]) for each in gpt2["checks"]] == [
        (name, "passed") for name in ("import", "construct", "forward", "finite")
    ]
    assert (t5["verdict"], t5["checks"][0]["reason"]) == ("failed", "ValueError: no luck (hf_t5.py:1).")
    assert "[t5] Import failed: ValueError: no luck (hf_t5.py:1)." in errors.splitlines()
    assert any(
        line.startswith("gpt2 basic: passed in ") and line.endswith(", 4 passed.") for line in errors.splitlines()
    )
    root = parse(report).getroot()
    assert root is not None
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8",
        "failures": "1",
        "errors": "0",
        "skipped": "3",
    }


def test_a_table_has_every_check_and_a_type_without_a_skillset_stops_no_other(home: Path) -> None:
    part = next(model.name for model in load_catalog(home / "cache").types.values() if not model.model_class)
    status, output, errors = processes.run("test", part, "gpt2", "--suite", "comprehensive", "--quiet", home=home)
    assert status == 1
    (line,) = errors.splitlines()
    assert line.startswith(f"{part}: No skillset of {part} can be tested: ")
    for check, title in SUITE_CHECK_TITLES.items():
        assert (f" {title} " in output) is (check in SUITES[SkillsetSuite.COMPREHENSIVE])
    growth = next(line for line in output.splitlines() if "Memory growth" in line)
    assert "passed" in growth and "tensor growth per pass" in growth


def test_ctrl_c_tells_what_is_done_and_leaves_no_process(home: Path) -> None:
    (home / "skillsets" / "hf_t5.py").write_text(HANGS)
    process = processes.start("test", "gpt2", "t5", "--json", home=home)
    processes.read_until(process, lambda line: line.startswith("gpt2 basic: "))
    family = processes.descendants(process)
    output, errors = processes.interrupt(process)
    assert process.returncode == 130
    assert family and processes.survivors(family) == []
    assert [each["model_type"] for each in json.loads(output)["tests"]] == ["gpt2"]
    assert errors.splitlines()[-1] == "Interrupted: 1 of 2 skillsets tested."


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["bert", "--suite", "fault"],
        ["bert", "--timeout", "0"],
        ["bert", "--junit", "no/such/folder/found.xml"],
    ],
)
def test_what_cannot_be_meant_is_refused(cli: Cli, fresh: Path, words: list[str]) -> None:
    said = cli("test", *words, "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")


def test_an_unknown_type_stops_before_anything_is_tested(cli: Cli, fresh: Path) -> None:
    said = cli("test", "bert", "brt", "--benchmark-dir", fresh)
    assert said.status == 2
    assert "Unknown model type 'brt'. Did you mean bert or " in said.errors
