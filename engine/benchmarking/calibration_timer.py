"""The timer of warm passes, held against nothing at all and against known sleeps; called inside a case process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from engine.domain.run import Protocol
from engine.workloads.inference import timed_iterations


def measure_timer(arguments: dict[str, Any]) -> dict[str, Any]:
    """Seconds that empty iterations read; and for each sleep what was asked for, what we read, what the raw clock read.

    `empty_iterations`, `sleeps` (seconds) and `repetitions` of each come with the call. `raw_seconds` is null where
    the system has no second clock.
    """
    empty = arguments["empty_iterations"]
    started = time.perf_counter()
    samples = _timed(lambda: None, empty)
    elapsed = time.perf_counter() - started
    return {
        "empty_seconds": samples,
        "between_seconds": (elapsed - sum(samples)) / empty,
        "sleeps": [_sleeps(asked, arguments["repetitions"]) for asked in arguments["sleeps"]],
    }


def _sleeps(asked: float, repetitions: int) -> dict[str, Any]:
    raw: list[float] = []
    clock = getattr(time, "CLOCK_MONOTONIC_RAW", None)

    def sleep() -> None:
        if clock is None:
            time.sleep(asked)
            return
        before = time.clock_gettime(clock)
        time.sleep(asked)
        raw.append(time.clock_gettime(clock) - before)

    return {"asked_seconds": asked, "read_seconds": _timed(sleep, repetitions), "raw_seconds": raw or None}


def _timed(action: Callable[[], None], iterations: int) -> list[float]:
    """As a workload's pass is timed: a function that calls another and then waits for its device."""
    protocol = Protocol(processes=1, warmup=0, min_iterations=iterations, max_iterations=iterations, max_seconds=600.0)

    def synchronize() -> None:
        """Nothing is queued."""

    def once() -> None:
        action()
        synchronize()

    samples, _ = timed_iterations(once, protocol)
    return samples
