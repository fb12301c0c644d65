"""The command line that repeats a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from engine.domain.budget import budget_text
from engine.domain.case import Workload
from engine.domain.run import Protocol, RunRequest


def benchmark_command(request: RunRequest) -> str:
    """One shell line equivalent to `request`; what a run is about is spelled out even where it is the default."""
    words = ["modeldyno", "benchmark"]
    for model in request.models:
        words += ["--model", model]
    if request.tier is not None and not request.models:
        words += ["--priority", request.tier.value]
    words += ["--hardware", _listed(request.backends)]
    words += ["--precision", _listed(precision.value for precision in request.precisions)]
    words += ["--batch-sizes", _listed(str(batch_size) for batch_size in request.batch_sizes)]
    words += ["--type", _listed(workload.value for workload in request.workloads)]
    words += ["--size", request.size.value]
    if request.sequence_length is not None:
        words += ["--sequence-length", str(request.sequence_length)]
    if request.threads is not None:
        words += ["--threads", str(request.threads)]
    if request.new_tokens is not None and Workload.GENERATION in request.workloads:
        words += ["--new-tokens", str(request.new_tokens)]
    if request.workers is not None and Workload.CONCURRENCY in request.workloads:
        words += ["--concurrent-workers", str(request.workers)]
    if request.compiled:
        words.append("--compile")
    if request.attention is not None:
        words += ["--attention", request.attention]
    if request.against is not None:
        words += ["--against", request.against.text]
    if request.checkpoint is not None:
        words += ["--checkpoint", request.checkpoint]
    if request.allow_pickle:
        words.append("--allow-pickle")
    if request.cold:
        words.append("--cold")
    words += _protocol_words(request.protocol)
    words.append("--progressive-mode" if request.progressive else "--no-progressive-mode")
    if request.incremental:
        words.append("--incremental")
    if request.budget_seconds is not None:
        words += ["--budget", budget_text(request.budget_seconds)]
    if request.title is not None:
        words += ["--title", request.title]
    return " ".join(shlex.quote(word) for word in words)


def _protocol_words(protocol: Protocol) -> list[str]:
    usual = Protocol()
    words = ["--processes", str(protocol.processes)]
    if protocol.warmup != usual.warmup:
        words += ["--warmup", str(protocol.warmup)]
    if protocol.pinned:
        words.append("--pin")
    if protocol.side_by_side:
        words.append("--side-by-side")
    return words


def _listed(values: Iterable[str]) -> str:
    return ",".join(values)
