"""hardware, catalog, and what a run says of backends and types that cannot be measured here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.catalog.checkpoints import load_checkpoints
from tests.engine.cli.conftest import Cli


def test_hardware_as_json_says_of_every_backend_whether_and_why_not(cli: Cli, stored: Path) -> None:
    said = cli("hardware", "--benchmark-dir", stored, "--json")
    assert (said.status, said.errors) == (0, "")
    cpu, cuda = said.json
    assert {"backend", "available", "reason", "devices", "versions"} <= set(cpu)
    assert (cpu["backend"], cpu["available"], cpu["reason"], cpu["devices"]) == ("cpu", True, None, ["cpu"])
    assert (cuda["backend"], cuda["available"], cuda["devices"]) == ("cuda", False, [])
    assert cuda["reason"] == "No cuda device was found."


def test_hardware_tells_what_the_machine_lets_be_read_now(cli: Cli, stored: Path) -> None:
    cpu, cuda = cli("hardware", "--benchmark-dir", stored, "--json").json
    assert {"memory", "governor", "boost", "pinning", "energy"} <= set(cpu["facts"])
    assert cuda["facts"] == {}
    said = cli("hardware", "--benchmark-dir", stored)
    assert "energy" in said.output and "pinning" in said.output


def test_the_table_of_hardware_stands_below_the_machine(cli: Cli, stored: Path) -> None:
    said = cli("hardware", "--benchmark-dir", stored)
    assert "No cuda device was found." in said.output
    machine = said.errors.strip()
    assert "cores" in machine and machine not in said.output
    assert cli("hardware", "--benchmark-dir", stored, "--quiet").errors == ""


@pytest.mark.parametrize("command", ["benchmark", "pipeline"])
@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--model", "bert", "--hardware", "cpu,cuda"], 1, "'cuda' cannot run here: No cuda device was found."),
        (["--model", "bert", "--hardware", "cda"], 2, "Unknown backend 'cda'. Did you mean cuda?"),
        (["--model", "brt"], 2, "Unknown model type 'brt'. Did you mean bert or bart or mbart?"),
        (["--model", "bert-lrge-uncased"], 2, "Did you mean bert-large-uncased or "),
        (
            ["--model", "google-bert/bert-lrge"],
            2,
            "Unknown checkpoint 'google-bert/bert-lrge'. Did you mean google-bert",
        ),
        (["--model", "bert-large-uncased", "--size", "tiny"], 2, "so size tiny contradicts it; leave the size at auto"),
        (["--model", "gpt2", "--size", "bert-large-uncased"], 2, "is a checkpoint of bert, not of gpt2."),
        (["--model", "zzzzzz"], 2, "Unknown model type 'zzzzzz'. There are "),
        (["--model", "nougat"], 2, "registers the configuration of nougat and no model class for it."),
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
    said = cli("catalog", "--family", "audio", "--status", "runnable", "--json", "--benchmark-dir", stored)
    assert (said.status, said.errors) == (0, "")
    assert {"wav2vec2", "whisper"} <= {model["name"] for model in said.json}
    assert {(model["family"], model["status"]) for model in said.json} == {("audio", "runnable")}
    assert {"display_name", "task", "priority", "reason", "sizes"} <= set(said.json[0])


def test_priorities_of_the_catalogue_include_those_before(cli: Cli, stored: Path) -> None:
    counts = [
        len(cli("catalog", "--priority", priority, "--json", "--benchmark-dir", stored).json)
        for priority in ("critical", "high", "medium", "low", "all")
    ]
    assert counts == sorted(counts) and counts[0] > 0
    assert counts[-1] == counts[-2] == len(cli("catalog", "--json", "--benchmark-dir", stored).json)


def test_the_table_of_types_counts_them_beside_it(cli: Cli, stored: Path) -> None:
    said = cli("catalog", "--family", "audio", "--status", "runnable", "--benchmark-dir", stored)
    assert "whisper" in said.output
    (count,) = set(re.findall(r"(\d+) (?:model types of|can be measured)", said.errors))
    assert int(count) >= 2


def test_published_checkpoints_are_listed_with_type_parameters_and_source(cli: Cli, stored: Path) -> None:
    said = cli("catalog", "--checkpoints", "--json", "--benchmark-dir", stored)
    large = next(row for row in said.json if row["name"] == "bert-large-uncased")
    assert (large["hub_id"], large["model_type"]) == ("google-bert/bert-large-uncased", "bert")
    assert (large["parameters"], large["parameters_are"], large["reason"]) == (336_226_108, "published", None)
    assert large["source"].startswith("safetensors metadata")
    assert len(said.json) == len(load_checkpoints())


def test_the_table_of_checkpoints_keeps_to_the_types_asked_for(cli: Cli, stored: Path) -> None:
    said = cli("catalog", "--checkpoints", "--family", "audio", "--benchmark-dir", stored)
    assert "whisper-large-v3" in said.output and "bert-large-uncased" not in said.output
    assert "Published parameters" in said.output
    assert said.errors.endswith("can be measured: `modeldyno benchmark --model NAME`.\n")
