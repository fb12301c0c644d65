"""What the commands say of a type of one's own that cannot be used: a warning, and why not to whoever asks for it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engine.config import Settings
from engine.workflows.workbench import Workbench
from tests.builders import an_environment
from tests.engine.cli.conftest import Cli
from tests.engine.workflows.fake_launcher import FakeLauncher


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a type `mine`, whose second line is no TOML."""
    path = tmp_path / "custom" / "types" / "mine.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[type]\nname = "mine" "yours"\n')
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(tmp_path / "custom"))
    return path


def warning_of(path: Path) -> str:
    return f"Warning: {path} cannot be read as TOML: "


def test_other_types_go_on_under_a_warning(cli: Cli, fresh: Path, faulty: Path) -> None:
    said = cli("generate", "--model", "bert", "--no-verify", "--quiet", "--benchmark-dir", fresh)
    assert said.status == 0
    (line,) = said.errors.splitlines()
    assert line.startswith(warning_of(faulty)) and "(at line 2, " in line
    assert line.endswith("; correct it there. Until then mine is left out.")


@pytest.mark.parametrize("words", [["catalog"], ["catalog", "--checkpoints"], ["query", "select 1"], ["results"]])
def test_commands_that_list_go_on_under_a_warning(cli: Cli, fresh: Path, faulty: Path, words: list[str]) -> None:
    said = cli(*words, "--json", "--quiet", "--benchmark-dir", fresh)
    assert said.status == 0 and isinstance(said.json, list | dict)
    assert said.errors.startswith(warning_of(faulty)) and said.errors.count("\n") == 1


@pytest.mark.parametrize("command", ["generate", "conformance", "coverage", "benchmark", "results"])
def test_whoever_asks_for_it_is_told_why_not(cli: Cli, fresh: Path, faulty: Path, command: str) -> None:
    said = cli(command, "--model", "mine", "--quiet", "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")
    assert said.errors.splitlines()[-1].startswith(f"Invalid value: {faulty} cannot be read as TOML: ")


def test_a_file_of_names_tells_the_line_that_asks_for_it(cli: Cli, fresh: Path, faulty: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("bert\nmine\n")
    said = cli("generate", "--from-file", names, "--no-verify", "--benchmark-dir", fresh)
    assert said.status == 2
    assert f"--from-file {names}, line 2: {faulty} cannot be read as TOML: " in said.errors


def test_without_own_types_nothing_is_said(cli: Cli, fresh: Path) -> None:
    assert cli("query", "select 1", "--quiet", "--benchmark-dir", fresh).errors == ""


def test_the_log_tells_it_as_well(
    settings: Settings, fresh: Path, faulty: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, logger="engine.workflows.workbench"),
        Workbench.open(settings, launcher=FakeLauncher(), environment=an_environment()) as workbench,
    ):
        assert "bert" in workbench.catalog.types
    assert f"{faulty} cannot be read as TOML: " in caplog.text
