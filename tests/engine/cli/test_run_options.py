from __future__ import annotations

import inspect
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner

from engine.cli.run_options import make_request, request_body, run_options
from engine.contract.run_body import RunBody
from engine.domain.against import PAIRS, Against
from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import RunRequest, SizeChoice
from engine.errors import InvalidValue, UnknownName

Ask = Callable[..., RunRequest]


@pytest.fixture
def ask() -> Ask:
    """The request that these words on a command line make."""

    def asked(*words: str) -> RunRequest:
        made: list[RunRequest] = []

        @click.command()
        @run_options
        def command(**given: object) -> None:
            made.append(make_request(**given))  # type: ignore[arg-type]

        outcome = CliRunner().invoke(command, words)
        assert outcome.exit_code == 0, outcome.output
        return made[0]

    return asked


def test_without_options_the_critical_tier_is_measured_on_the_processor(ask: Ask) -> None:
    request = ask()
    assert (request.models, request.tier, request.backends) == ((), Tier.CRITICAL, ("cpu",))
    assert (request.batch_sizes, request.precisions) == ((1, 8), (Precision.FP32,))
    assert (request.workloads, request.size) == ((Workload.INFERENCE,), SizeChoice.AUTO)
    assert request.progressive and not request.incremental


def test_models_that_are_named_win_over_the_priority(ask: Ask) -> None:
    request = ask("--model", "vit", "--priority", "all", "--model", "bert", "--model", "vit")
    assert (request.models, request.tier) == (("vit", "bert"), None)


@pytest.mark.parametrize("name", ["bert-large-uncased", "google-bert/bert-large-uncased"])
def test_a_checkpoint_as_the_size_of_one_model_is_asked_for_by_its_name(ask: Ask, name: str) -> None:
    request = ask("--model", "bert", "--size", name)
    assert (request.models, request.size) == (("bert-large-uncased",), SizeChoice.AUTO)
    assert request_body(request)["models"] == ["bert-large-uncased"]
    assert ask("--model", "gpt2", "--size", "gpt2").models == ("openai-community/gpt2",)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--size", "bert-large-uncased"], "write --model bert-large-uncased"),
        (["--model", "bert", "--model", "vit", "--size", "bert-large-uncased"], "is the size of one model type"),
        (["--model", "bert-large-uncased", "--size", "bert-base-cased"], "names its size already"),
    ],
)
def test_a_checkpoint_is_the_size_of_one_model_type_only(words: list[str], told: str) -> None:
    given = dict.fromkeys(inspect.signature(make_request).parameters)
    parsed = {"models": tuple(words[1::2][:-1]), "size": words[-1]}
    with pytest.raises(click.UsageError, match=told):
        make_request(**(given | parsed))  # type: ignore[arg-type]


def test_a_misspelt_size_is_answered_with_the_nearest() -> None:
    given = dict.fromkeys(inspect.signature(make_request).parameters) | {"models": (), "size": "tinny"}
    with pytest.raises(UnknownName, match=r"Unknown size 'tinny'. Did you mean tiny"):
        make_request(**given)  # type: ignore[arg-type]


def test_a_sequence_length_is_said_to_count_tokens_alone() -> None:
    @click.command()
    @run_options
    def command(**_: object) -> None: ...

    (option,) = [option for option in command.params if option.name == "sequence_length"]
    assert isinstance(option, click.Option) and option.help is not None
    assert "for types that count tokens" in option.help
    assert "frames" not in option.help


def test_a_number_that_no_workload_takes_is_refused(ask: Ask) -> None:
    assert ask("--type", "generation", "--new-tokens", "8").new_tokens == 8
    given = dict.fromkeys(inspect.signature(make_request).parameters)
    usual = {"models": ("gpt2",), "size": "auto", "hardware": ("cpu",), "precisions": (Precision.FP32,)}
    asked = {"batch_sizes": (1,), "workloads": (Workload.INFERENCE,), "warmup": 2, "pinned": False, "new_tokens": 8}
    with pytest.raises(InvalidValue, match="new_tokens 8 is for generation alone"):
        make_request(**(given | usual | asked))  # type: ignore[arg-type]


def test_priority_all_is_every_tier(ask: Ask) -> None:
    tier = ask("--priority", "all").tier
    assert tier is not None and set(tier.included) == set(Tier)


def test_lists_keep_their_order_and_each_value_once(ask: Ask) -> None:
    request = ask("--batch-sizes", "8, 1,,8", "--precision", "bf16,fp32", "--hardware", "cuda,cpu,cuda")
    assert request.batch_sizes == (8, 1)
    assert request.precisions == (Precision.BF16, Precision.FP32)
    assert request.backends == ("cuda", "cpu")


@pytest.mark.parametrize("option", ["--runs", "--processes"])
def test_runs_are_processes(ask: Ask, option: str) -> None:
    protocol = ask(option, "5", "--warmup", "0").protocol
    assert (protocol.processes, protocol.warmup) == (5, 0)


def test_progressive_mode_can_be_switched_off(ask: Ask) -> None:
    assert ask("--progressive-mode").progressive
    assert not ask("--no-progressive-mode").progressive


def test_startup_and_inference_can_be_measured_together(ask: Ask) -> None:
    assert ask("--type", "startup,inference").workloads == (Workload.STARTUP, Workload.INFERENCE)


def test_names_of_earlier_tools_mean_their_workloads(ask: Ask) -> None:
    assert ask("--type", "both").workloads == (Workload.STARTUP, Workload.CONCURRENCY)
    assert ask("--type", "throughput,startup,both").workloads == (Workload.CONCURRENCY, Workload.STARTUP)


@pytest.mark.parametrize(
    "words",
    [
        ("--priority", "all"),
        ("--model", "bert", "--model", "t5", "--title", "Nightly", "--incremental", "--no-progressive-mode"),
        ("--hardware", "cpu,cuda", "--precision", "fp32,int8", "--batch-sizes", "1,4096", "--type", "startup"),
        ("--size", "tiny", "--sequence-length", "1000000", "--threads", "1024", "--cold"),
        ("--runs", "1000", "--warmup", "10000"),
        ("--type", "generation,both", "--new-tokens", "8", "--concurrent-workers", "3"),
        ("--compile", "--attention", "eager", "--pin"),
        ("--budget", "1h30m"),
        ("--model", "bert", "--against", "precision=bf16,threads=1,hardware=cuda,compile=yes,attention=eager"),
        ("--model", "bert", "--against", "--sequence-length 64", "--runs", "6"),
        ("--checkpoint", "owner/name"),
        ("--checkpoint", "/somewhere/it's mine", "--model", "bert"),
    ],
)
def test_a_server_makes_the_same_request_of_the_body(ask: Ask, words: tuple[str, ...]) -> None:
    request = ask(*words)
    assert RunBody.model_validate(request_body(request)).to_request() == request


def test_pairs_are_as_many_as_can_decide_unless_said_otherwise(ask: Ask) -> None:
    assert ask().protocol.processes == 3
    request = ask("--against", "--precision bf16")
    assert request.against == Against(precision=Precision.BF16)
    assert request.protocol.processes == PAIRS
    assert ask("--against", "precision=bf16", "--runs", "6").protocol.processes == 6


def test_a_checkpoint_needs_no_model_and_means_no_tier(ask: Ask) -> None:
    request = ask("--checkpoint", "owner/name", "--allow-pickle")
    assert (request.models, request.tier, request.checkpoint) == ((), None, "owner/name")
    assert request.allow_pickle and not ask("--checkpoint", "owner/name").allow_pickle


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--against", "precison=bf16"], "Did you mean precision"),
        (["--against", "threads=0"], "is not a whole number of 1 or more"),
        (["--against", ""], "differs in nothing"),
    ],
)
def test_a_second_configuration_that_cannot_be_read_is_a_usage_error(words: list[str], told: str) -> None:
    @click.command()
    @run_options
    def command(**given: object) -> None:
        raise AssertionError(given)

    outcome = CliRunner().invoke(command, words)
    assert outcome.exit_code == 2
    assert told in " ".join(outcome.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"checkpoint": "owner/name", "priority": "high"}, "leave out --priority"),
        ({"allow_pickle": True}, "name one"),
    ],
)
def test_what_contradicts_a_checkpoint_is_refused(ask: Ask, words: dict[str, object], told: str) -> None:
    usual = {name: None for name in inspect.signature(make_request).parameters}
    with pytest.raises(click.UsageError, match=told):
        make_request(**{**usual, "models": (), "size": "auto", "allow_pickle": False, **words})  # type: ignore[arg-type]
