"""The options that say what to measure and how, and the run request they make."""

from __future__ import annotations

from typing import Any

import click

from engine.catalog.checkpoints import find_size, parse_size, size_names
from engine.catalog.weights import absolute_name
from engine.cli.options import (
    AGAINST,
    BACKEND_LIST,
    BATCH_SIZE_LIST,
    BUDGET,
    PRECISION_LIST,
    WORKLOAD_LIST,
    Command,
    model_options,
    tier_of,
)
from engine.domain.against import PAIRS, Against
from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import (
    MAX_NEW_TOKENS,
    MAX_PROCESSES,
    MAX_SEQUENCE_LENGTH,
    MAX_THREADS,
    MAX_WARMUP,
    MAX_WORKERS,
    NEW_TOKENS,
    WORKERS,
    Protocol,
    RunRequest,
    SizeChoice,
    usual_processes,
)
from engine.errors import UnknownName

_OPTIONS = (
    click.option(
        "--hardware", default="cpu", show_default=True, type=BACKEND_LIST, help="Backends, separated by commas."
    ),
    click.option(
        "--precision", "precisions", default="fp32", show_default=True, type=PRECISION_LIST, help="Such as fp32,bf16."
    ),
    click.option("--batch-sizes", default="1,8", show_default=True, type=BATCH_SIZE_LIST, help="Such as 1,8,32."),
    click.option(
        "--type",
        "workloads",
        default="inference",
        show_default=True,
        type=WORKLOAD_LIST,
        help="inference (warm forward passes), startup (import, instantiation, first output), generation (tokens after "
        "a prompt), concurrency (several workers at once), or several with commas.",
    ),
    click.option(
        "--size",
        default=SizeChoice.AUTO.value,
        show_default=True,
        metavar="auto|tiny|default|NAME",
        help="auto: the library's default configuration where it fits this machine, else a tiny one. "
        "NAME: a published checkpoint of the one --model, such as bert-large-uncased.",
    ),
    click.option(
        "--checkpoint",
        metavar="ID_OR_PATH",
        help="Trained weights: a hub id, or a folder with config.json and safetensors. Their model type is found out; "
        "inputs come from their own tokenizer or processor. An id that this machine lacks is fetched.",
    ),
    click.option(
        "--allow-pickle",
        is_flag=True,
        help="Open a checkpoint that only has pytorch_model.bin, with weights_only. [default: refused]",
    ),
    click.option(
        "--sequence-length",
        type=click.IntRange(1, MAX_SEQUENCE_LENGTH),
        help="Tokens of each example, for types that count tokens; others keep their own input. [default: per type]",
    ),
    click.option(
        "--threads",
        type=click.IntRange(1, MAX_THREADS),
        help="Threads inside one operation. [default: the backend's choice]",
    ),
    click.option(
        "--new-tokens",
        type=click.IntRange(2, MAX_NEW_TOKENS),
        help=f"Tokens that generation makes for each example. [default: {NEW_TOKENS}]",
    ),
    click.option(
        "--concurrent-workers",
        "workers",
        type=click.IntRange(1, MAX_WORKERS),
        help=f"Workers that answer at once in concurrency. [default: {WORKERS}]",
    ),
    click.option("--compile", "compiled", is_flag=True, help="torch.compile before the first pass."),
    click.option("--attention", metavar="NAME", help="The library's attention implementation, such as eager or sdpa."),
    click.option(
        "--against",
        type=AGAINST,
        metavar="DIFFERENCES",
        help="Measure in pairs against a second configuration, given by what differs, such as precision=bf16 or "
        "threads=1,compile=yes (precision, hardware, threads, compile, attention, sequence-length). The two of a pair "
        "take turns of a moment on the same cores, so that what slows the machine meets both (on a GPU, cold, with "
        "workers, at start-up, or too large for both at once they run one after the other).",
    ),
    click.option(
        "--cold", is_flag=True, help="A fresh interpreter per result, nothing preloaded: honest start-up times."
    ),
    click.option(
        "--runs",
        "--processes",
        "processes",
        type=click.IntRange(1, MAX_PROCESSES),
        help="Fresh processes per case; with five or more, two runs can be compared. With --against, pairs: six are "
        f"the fewest that can decide. [default: {Protocol().processes}; {PAIRS} with --against]",
    ),
    click.option(
        "--warmup",
        default=Protocol().warmup,
        show_default=True,
        type=click.IntRange(0, MAX_WARMUP),
        help="Fewest discarded iterations per process.",
    ),
    click.option(
        "--pin",
        "pinned",
        is_flag=True,
        help="Bind each process to as many physical cores as it has threads, where that leaves a choice; with the "
        "usual number of threads only where cores have hyper-threads, and never concurrent workers. Each result's "
        "notes say what it was bound to, or why it was not.",
    ),
    click.option(
        "--side-by-side",
        is_flag=True,
        help="With --threads: measure as many cases at once as have physical cores of their own, each bound to its "
        "own. Quicker, and not quite what a case alone would show: caches and memory bandwidth are shared, and each "
        "result's notes say so.",
    ),
    click.option(
        "--progressive-mode/--no-progressive-mode",
        "progressive",
        default=True,
        show_default=True,
        help="Grow batches until memory fails or throughput stops growing.",
    ),
    click.option("--incremental", is_flag=True, help="Leave out what was measured here recently."),
    click.option(
        "--budget",
        "budget_seconds",
        type=BUDGET,
        metavar="TIME",
        help="Such as 90s, 30m or 2h: every model once before second batches, what was never measured first; "
        "what the time does not reach is left out.",
    ),
    click.option("--title", help="A name for the run."),
)


def run_options(command: Command) -> Command:
    """Adds every option of a run; `make_request` takes them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return model_options(command)


def make_request(
    *,
    models: tuple[str, ...],
    priority: str | None,
    hardware: tuple[str, ...],
    precisions: tuple[Precision, ...],
    batch_sizes: tuple[int, ...],
    workloads: tuple[Workload, ...],
    size: str,
    checkpoint: str | None,
    allow_pickle: bool,
    sequence_length: int | None,
    threads: int | None,
    new_tokens: int | None,
    workers: int | None,
    compiled: bool,
    attention: str | None,
    against: Against | None,
    cold: bool,
    processes: int | None,
    warmup: int,
    pinned: bool,
    side_by_side: bool,
    progressive: bool,
    incremental: bool,
    budget_seconds: float | None,
    title: str | None,
) -> RunRequest:
    """Models that are named win over the priority; with neither nor a checkpoint, the critical tier is meant.

    A checkpoint given as the size of one model type is asked for by its name.
    """
    if size not in tuple(SizeChoice):
        models, size = (_checkpoint_of(models, size),), SizeChoice.AUTO
    if checkpoint is not None and priority is not None:
        raise click.UsageError("--checkpoint names one model; leave out --priority.")
    if allow_pickle and checkpoint is None:
        raise click.UsageError("--allow-pickle is about a --checkpoint; name one.")
    request = RunRequest(
        models=tuple(dict.fromkeys(models)),
        tier=None if models or checkpoint is not None else tier_of(priority) or Tier.CRITICAL,
        backends=hardware,
        precisions=precisions,
        batch_sizes=batch_sizes,
        workloads=workloads,
        size=SizeChoice(size),
        sequence_length=sequence_length,
        threads=threads,
        cold=cold,
        new_tokens=new_tokens,
        workers=workers,
        compiled=compiled,
        attention=attention,
        against=against,
        checkpoint=None if checkpoint is None else absolute_name(checkpoint),
        allow_pickle=allow_pickle,
        progressive=progressive,
        incremental=incremental,
        budget_seconds=budget_seconds,
        protocol=Protocol(
            processes=processes or usual_processes(against), warmup=warmup, pinned=pinned, side_by_side=side_by_side
        ),
        title=title,
    )
    request.refuse_unused()
    return request


def _checkpoint_of(models: tuple[str, ...], size: str) -> str:
    """The name of the checkpoint `size` of the one model; raises UnknownName, or UsageError where it is not one."""
    if find_size(size) is None and not models:
        raise UnknownName("size", size, [*(str(choice) for choice in SizeChoice), *size_names()], field="size")
    if len(set(models)) != 1:
        raise click.UsageError(
            f"--size {size} is the size of one model type; name it with a single --model, or write --model {size}."
        )
    if find_size(models[0]) is not None:
        raise click.UsageError(f"--model {models[0]} names its size already; leave out --size {size}.")
    return parse_size(models[0], size)


def request_body(request: RunRequest) -> dict[str, Any]:
    """The body of POST /api/benchmark/run that asks for `request`."""
    optional = {
        "priority": request.tier.value if request.tier else None,
        "sequence_length": request.sequence_length,
        "threads": request.threads,
        "new_tokens": request.new_tokens,
        "workers": request.workers,
        "attention": request.attention,
        "budget_seconds": request.budget_seconds,
        "against": None if request.against is None else request.against.named,
        "checkpoint": request.checkpoint,
        "title": request.title,
    }
    return {
        "models": list(request.models),
        "hardware": list(request.backends),
        "precision": [precision.value for precision in request.precisions],
        "batch_sizes": list(request.batch_sizes),
        "workloads": [workload.value for workload in request.workloads],
        "size": request.size.value,
        "cold": request.cold,
        "compile": request.compiled,
        "runs": request.protocol.processes,
        "warmup": request.protocol.warmup,
        "pin": request.protocol.pinned,
        "side_by_side": request.protocol.side_by_side,
        "progressive_mode": request.progressive,
        "incremental": request.incremental,
        **{name: value for name, value in optional.items() if value is not None},
    }
