"""Whether generation and concurrency tell the truth: work of known duration and speed-up, through the launcher.

It sleeps, and a busy machine wakes sleepers late: passes are long, so that this is a small share of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.sleeping_skillset import LOCKED_BATCH, PASS_SECONDS, PROMPT_SECONDS
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.measure import measuring_arguments
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Family, Size
from engine.domain.run import Protocol
from engine.errors import LauncherFailure
from engine.stats.quantiles import median

ROUNDS = 6
NEW_TOKENS = 5
WORKERS = 3
MARGIN = 0.03
_PROTOCOL = Protocol(processes=1, warmup=1, min_iterations=5, max_iterations=5, max_seconds=10.0)
"""Ten requests of a worker in a round: a lock is not fair, and a request that only waits at an edge counts in part."""
_SKILLSET = Path(__file__).with_name("sleeping_skillset.py")


def run() -> list[Figure]:
    """Each round is a process of each kind."""
    launcher = ForkServerLauncher()
    generated, free, locked = [], [], []
    try:
        for _ in range(ROUNDS):
            generated.append(_measured(launcher, _case(Workload.GENERATION)))
            free.append(_measured(launcher, _case(Workload.CONCURRENCY)))
            locked.append(_measured(launcher, _case(Workload.CONCURRENCY, batch_size=LOCKED_BATCH)))
    finally:
        launcher.close()
    times = {
        Metric.TIME_TO_FIRST_TOKEN: PROMPT_SECONDS,
        Metric.PREFILL_TIME: PROMPT_SECONDS,
        Metric.INTER_TOKEN_LATENCY: PASS_SECONDS,
    }
    return [
        *(_over(f"{metric.title} over what is known", generated, metric, known) for metric, known in times.items()),
        _over(f"speed-up of {WORKERS} workers that disturb nobody, over {WORKERS}", free, Metric.SPEEDUP, WORKERS),
        _over("speed-up of workers that hold one lock in turns, over 1", locked, Metric.SPEEDUP, 1),
        _over(
            "requests a second of workers that disturb nobody, over what is known",
            free,
            Metric.REQUESTS_PER_SECOND,
            WORKERS / PASS_SECONDS,
        ),
    ]


def _over(name: str, seen: Sequence[Mapping[str, list[float]]], metric: Metric, known: float) -> Figure:
    values = tuple(median(found[metric.label]) / known for found in seen)
    goal = f"within {MARGIN * 100:g}% of 1"
    return Figure(name=name, values=values, unit="x", goal=goal, is_reached=abs(median(values) - 1) <= MARGIN)


def _case(workload: Workload, batch_size: int = 1) -> Case:
    return Case(
        model_type="sleeping",
        family=Family.OTHER,
        task="sleeping",
        size=Size.TINY,
        backend="cpu",
        precision=Precision.FP32,
        batch_size=batch_size,
        workload=workload,
        threads=1,
        new_tokens=NEW_TOKENS if workload is Workload.GENERATION else None,
        workers=WORKERS if workload is Workload.CONCURRENCY else None,
    )


def _measured(launcher: ForkServerLauncher, case: Case) -> dict[str, list[float]]:
    arguments = measuring_arguments(case, _PROTOCOL, str(_SKILLSET), with_facts=False)
    outcome = launcher.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=120)
    if outcome.value is None:
        raise LauncherFailure(outcome.failure.reason if outcome.failure is not None else "The launcher has no answer.")
    found: dict[str, list[float]] = outcome.value["measurements"]
    return found
