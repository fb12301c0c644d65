"""hardware, catalog, and what a run says of backends and types that cannot be measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.cli.conftest import Cli


def test_hardware_as_json_says_of_every_backend_whether_and_why_not(cli: Cli, stored: Path) -> None:
    said = cli("hardware", "--benchmark-dir", stored, "--json")
    assert (said.status, said.errors) == (0, "")
    cpu, cuda = said.json
    assert {"backend", "available", "reason", "devices", "versions"} <= set(cpu)
    assert (cpu["backend"], cpu["available"], cpu["reason"], cpu["devices"]) == ("cpu", True, None, ["cpu"])
    assert (cuda["backend"], cuda["available"], cuda["devices"]) == ("cuda", False, [])
    assert cuda["reason"] == "No cuda device was found."


def test_the_table_of_hardware_stands_below_the_machine(cli: Cli, stored: Path) -> None:
    said = cli("hardware", "--benchmark-dir", stored)
    assert "No cuda device was found." in said.output
    assert "cores" in said.errors and "cores" not in said.output
    assert cli("hardware", "--benchmark-dir", stored, "--quiet").errors == ""


@pytest.mark.parametrize("command", ["benchmark", "pipeline"])
@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--model", "bert", "--hardware", "cpu,cuda"], 1, "'cuda' cannot run here: No cuda device was found."),
        (["--model", "bert", "--hardware", "cda"], 2, "Unknown backend 'cda'. Did you mean cuda?"),
        (["--model", "brt"], 2, "Unknown model type 'brt'. Did you mean bert or bart or mbart?"),
        (["--model", "zzzzzz"], 2, "Unknown model type 'zzzzzz'. There are "),
        (["--model", "ernie"], 2, "no recipe for 'ernie' (Ernie); it can be listed, not run. Runnable: bart, bert"),
    ],
)
def test_what_cannot_be_measured_here_stops_before_anything_is_made(
    cli: Cli, fresh: Path, command: str, words: list[str], status: int, told: str
) -> None:
    said = cli(command, *words, "--benchmark-dir", fresh)
    assert (said.status, said.output) == (status, "")
    assert told in said.errors
    assert not (fresh / "skillsets").exists()


def test_the_catalogue_lists_what_was_asked_for(cli: Cli, stored: Path) -> None:
    said = cli("catalog", "--family", "audio", "--verified", "--json", "--benchmark-dir", stored)
    assert (said.status, said.errors) == (0, "")
    assert [model["name"] for model in said.json] == ["wav2vec2", "whisper"]
    assert {"display_name", "family", "task", "priority", "verified"} <= set(said.json[0])


def test_priorities_of_the_catalogue_include_those_before(cli: Cli, stored: Path) -> None:
    counts = [
        len(cli("catalog", "--priority", priority, "--json", "--benchmark-dir", stored).json)
        for priority in ("critical", "high", "medium", "low", "all")
    ]
    assert counts == sorted(counts) and counts[0] > 0
    assert counts[-1] == counts[-2] == len(cli("catalog", "--json", "--benchmark-dir", stored).json)


def test_the_table_of_types_counts_them_beside_it(cli: Cli, stored: Path) -> None:
    said = cli("catalog", "--family", "audio", "--verified", "--benchmark-dir", stored)
    assert "whisper" in said.output
    assert said.errors.startswith("2 model types of transformers") and said.errors.endswith("2 can be measured.\n")
