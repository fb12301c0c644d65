from __future__ import annotations

import shlex

from click.testing import CliRunner

from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import Protocol, RunRequest, SizeChoice
from engine.reports.command import benchmark_command


def test_command_spells_out_what_the_run_is_about() -> None:
    request = RunRequest(models=("bert", "vit"), batch_sizes=(1, 8), precisions=(Precision.FP32, Precision.BF16))
    words = shlex.split(benchmark_command(request))
    assert words[:2] == ["modeldyno", "benchmark"]
    assert words.count("--model") == 2
    assert words[words.index("--precision") + 1] == "fp32,bf16"
    assert words[words.index("--batch-sizes") + 1] == "1,8"


def test_a_tier_is_named_only_where_no_model_is() -> None:
    assert "--priority high" in benchmark_command(RunRequest(tier=Tier.HIGH))
    assert "--priority" not in benchmark_command(RunRequest(models=("bert",), tier=Tier.HIGH))


def test_names_from_outside_are_quoted() -> None:
    command = benchmark_command(RunRequest(models=("bert; rm -rf /",)))
    assert shlex.split(command)[3] == "bert; rm -rf /"


def test_the_command_line_reads_the_command_back_as_the_same_request() -> None:
    import click

    from engine.cli.run_options import make_request, run_options

    seen: list[RunRequest] = []

    @click.command()
    @run_options
    def benchmark(**options: object) -> None:
        seen.append(make_request(**options))  # type: ignore[arg-type]

    request = RunRequest(
        models=("bert", "t5"),
        precisions=(Precision.BF16,),
        batch_sizes=(4, 16),
        workloads=tuple(Workload),
        size=SizeChoice.TINY,
        sequence_length=64,
        threads=2,
        cold=True,
        new_tokens=8,
        workers=3,
        compiled=True,
        attention="eager",
        progressive=False,
        incremental=True,
        budget_seconds=5400.0,
        protocol=Protocol(processes=5, warmup=4, pinned=True),
        title="nightly, of Ann's machine",
    )
    outcome = CliRunner().invoke(benchmark, shlex.split(benchmark_command(request))[2:])
    assert outcome.exit_code == 0, outcome.output
    assert seen == [request]


def test_numbers_that_no_workload_takes_are_left_out() -> None:
    words = benchmark_command(RunRequest(models=("gpt2",), new_tokens=8, workers=3))
    assert "--new-tokens" not in words and "--concurrent-workers" not in words


def test_a_checkpoint_is_named_again() -> None:
    request = RunRequest(models=("bert",), checkpoint="/somewhere/it's mine", allow_pickle=True)
    words = shlex.split(benchmark_command(request))
    assert words[words.index("--checkpoint") + 1] == "/somewhere/it's mine"
    assert "--allow-pickle" in words and words[words.index("--model") + 1] == "bert"
