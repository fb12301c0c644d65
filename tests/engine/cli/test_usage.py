from __future__ import annotations

import click
import pytest

from engine.cli.commands import modeldyno
from engine.config import Settings
from tests.engine.cli.conftest import Cli

COMMANDS = ("generate", "benchmark", "pipeline", "results", "query", "export", "catalog", "hardware", "serve")


def every_option() -> list[tuple[str, click.Option]]:
    found, waiting = [], [("modeldyno", modeldyno)]
    while waiting:
        name, command = waiting.pop()
        found += [(f"{name} {option.opts[0]}", option) for option in command.params if isinstance(option, click.Option)]
        if isinstance(command, click.Group):
            waiting += [(f"{name} {inner}", found) for inner, found in command.commands.items()]
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_a_result(cli: Cli, command: str) -> None:
    said = cli(command, "--help")
    assert (said.status, said.errors) == (0, "")
    assert said.output.startswith(f"Usage: modeldyno {command}")


def test_every_option_is_explained() -> None:
    assert [name for name, option in every_option() if not option.help] == []


def test_the_list_of_commands_cuts_no_sentence_short(cli: Cli) -> None:
    listed = cli("--help").output.partition("Commands:")[2]
    assert all(command in listed for command in COMMANDS)
    assert "..." not in listed


def test_without_a_command_the_help_is_a_complaint(cli: Cli) -> None:
    said = cli()
    assert (said.status, said.output) == (2, "")
    assert said.errors.startswith("Usage: modeldyno")


def test_a_mistyped_command_is_told_its_likely_name(cli: Cli) -> None:
    said = cli("benchmak")
    assert said.status == 2
    assert "'benchmak'" in said.errors and "'benchmark'" in said.errors


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--batch-sizes", "0"], "Batch size '0' is not a whole number from 1 to 4096"),
        (["--batch-sizes", "1,many"], "Batch size 'many' is not a whole number"),
        (["--batch-sizes", "99999999"], "Batch size '99999999' is not a whole number from 1 to 4096"),
        (["--batch-sizes", "1.5"], "Batch size '1.5'"),
        (["--batch-sizes", ""], "Give at least one value"),
        (["--hardware", ","], "Give at least one value"),
        (["--precision", "fp32,fp99"], "Unknown precision 'fp99'. Choose from: fp32, fp16, bf16, int8, int4, int2."),
        (["--type", "latency"], "Unknown type 'latency'. Choose from: startup, inference, generation, concurrency."),
        (["--new-tokens", "1"], "1 is not in the range 2<=x<=100000"),
        (["--concurrent-workers", "0"], "0 is not in the range 1<=x<=256"),
        (["--size", "huge"], "Unknown size 'huge'. Choose one of:"),
        (["--priority", "urgent"], "'urgent' is not one of 'critical', 'high', 'medium', 'low', 'all'"),
        (["--runs", "0"], "0 is not in the range 1<=x<=1000"),
        (["--runs", "100000000"], "100000000 is not in the range 1<=x<=1000"),
        (["--warmup", "-1"], "-1 is not in the range 0<=x<=10000"),
        (["--threads", "99999"], "99999 is not in the range 1<=x<=1024"),
        (["--sequence-length", "0"], "0 is not in the range 1<=x<=1000000"),
        (
            ["--server", "127.0.0.1:8050"],
            "'127.0.0.1:8050' is not a server's address; write it like http://127.0.0.1:8050",
        ),
        (["--report", "--server", "http://127.0.0.1:1"], "--report with --server is not possible"),
        (["--generate-only", "--server", "http://127.0.0.1:1"], "works on this machine's own files"),
    ],
)
def test_a_value_that_can_never_work_is_named_with_the_remedy(
    cli: Cli, settings: Settings, words: list[str], told: str
) -> None:
    said = cli("benchmark", "--model", "bert", "--benchmark-dir", settings.home, *words)
    assert (said.status, said.output) == (2, "")
    assert told in " ".join(said.errors.split())
    assert not settings.home.exists(), "nothing may be opened for a request that is wrong"


@pytest.mark.parametrize("command", ["pipeline", "doctor", "conformance"])
def test_what_no_server_does_is_refused(cli: Cli, command: str) -> None:
    said = cli(command, "--server", "http://127.0.0.1:1")
    assert said.status == 2
    assert f"`{command}` works on this machine's own files" in said.errors


@pytest.mark.parametrize("words", [["--status", "failed"], ["--type", "startup"]])
def test_filters_that_a_server_does_not_know_are_refused(cli: Cli, words: list[str]) -> None:
    said = cli("results", *words, "--server", "http://127.0.0.1:1")
    assert said.status == 2
    assert "cannot be asked of a server" in said.errors


def test_a_port_that_does_not_exist_is_refused(cli: Cli) -> None:
    said = cli("serve", "--port", "99999")
    assert said.status == 2
    assert "99999 is not in the range 0<=x<=65535" in said.errors


def test_a_server_is_not_asked_to_detect_anew(cli: Cli) -> None:
    said = cli("hardware", "--refresh", "--server", "http://127.0.0.1:1")
    assert said.status == 2
    assert "--refresh cannot be asked of a server" in said.errors
