"""Known matrix products through the timer of warm passes; called inside a case process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from engine.benchmarking.own_turns import taking_turns
from engine.domain.run import Protocol
from engine.stats.quantiles import median
from engine.workloads.inference import timed_iterations, warm_up

_TURN = 5
"""Iterations before it is another count's turn."""


def time_product(arguments: dict[str, Any]) -> dict[str, Any]:
    """Median seconds of an iteration of `repetitions` products of two square matrices of `size`, with one thread.

    `warmup` and `iterations` are the protocol's, `ticket` is the referee's.
    """
    protocol = _protocol(arguments["iterations"], arguments["warmup"])
    with taking_turns(arguments["ticket"], time.process_time) as turns:
        once = _products(arguments["size"], arguments["repetitions"])
        warm_up(once, protocol, _seconds_of(once))
        samples, _ = timed_iterations(once, protocol, turns=turns)
    return {"seconds": median(samples)}


def measure_products(arguments: dict[str, Any]) -> dict[str, Any]:
    """Median seconds of one product of each of `sizes`; and of `counts` products of the first of them, in turns.

    In turns, so that a machine that grows slower meanwhile touches every count alike.
    """
    protocol = _protocol(arguments["iterations"], 5)
    by_size = []
    for size in arguments["sizes"]:
        once = _products(size, 1)
        warm_up(once, protocol, _seconds_of(once))
        by_size.append({"size": size, "seconds": median(timed_iterations(once, protocol)[0])})
    counted = [(count, _products(arguments["sizes"][0], count)) for count in arguments["counts"]]
    seconds: dict[int, list[float]] = {count: [] for count in arguments["counts"]}
    few = _protocol(_TURN, 0)  # the first of a turn finds its caches cold, the median does not see it
    for turn in range(math.ceil(arguments["iterations"] / _TURN)):
        for count, once in counted if turn % 2 else counted[::-1]:
            seconds[count] += timed_iterations(once, few)[0]
    by_count = [{"count": count, "seconds": median(seconds[count])} for count in arguments["counts"]]
    return {"by_size": by_size, "by_count": by_count}


def _protocol(iterations: int, warmup: int) -> Protocol:
    return Protocol(processes=1, warmup=warmup, min_iterations=iterations, max_iterations=iterations, max_seconds=600.0)


def _products(size: int, repetitions: int) -> Callable[[], None]:
    """One iteration: 2 * size^3 * repetitions operations in fp32 on one thread."""
    import torch

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.rand(size, size, generator=generator) for _ in range(2))
    out = torch.empty(size, size)

    def once() -> None:
        for _ in range(repetitions):
            torch.mm(left, right, out=out)

    return once


def _seconds_of(once: Callable[[], None]) -> float:
    before = time.perf_counter()
    once()
    return time.perf_counter() - before
