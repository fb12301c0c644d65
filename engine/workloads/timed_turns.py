"""Timed iterations of a process that takes turns with its partner, so that a slow moment of the machine meets both."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, sleep

from engine.domain.run import Protocol
from engine.workloads.stopping import Stopping, StopRule
from engine.workloads.workload import Clock, Turns, seconds_by_host

TURN_SECONDS = 0.03
"""How long a turn lasts at least, unless it has its share of the iterations; a longer iteration is a turn of its own.

A shared machine changes its speed within some tenths of a second; processes of a pair should see the same of it.
"""
TURNS = 20
"""Into which the most iterations of a process are spread, so that two that differ in speed share most of their moments;
into fewer where fewer than `FEWEST` would be left for a turn."""
FEWEST = 5
_NOTICED = 0.3
"""Seconds: an iteration that takes longer hardly notices that caches hold the data of the others at first."""


def iterations_in_turns(
    once: Callable[[], object], protocol: Protocol, turns: Turns, clock: Clock = seconds_by_host
) -> tuple[list[float], StopRule]:
    """Seconds of each iteration, and the rule that ended them. Begins by giving the turn away, so that all are warm.

    The first iteration of a turn is not timed, because caches hold the data of the others then; of long iterations,
    which hardly notice, that is so in the first turn alone. Who has enough goes on, up to the most iterations and the
    budget, until the others have enough as well: what happens to the machine in between would otherwise happen to one
    of them alone.
    """
    stopping = Stopping(protocol)
    samples: list[float] = []
    rule: StopRule | None = None
    share = max(FEWEST, protocol.max_iterations // TURNS)
    spent_seconds = 0.0
    is_over, may_go_on = turns.pass_on(is_enough=False), True
    untimed_seconds = 0.0
    while not is_over:
        if may_go_on:
            sleep(turns.settle_seconds)
            if untimed_seconds < _NOTICED:
                began = perf_counter()
                once()
                untimed_seconds = untimed_seconds or perf_counter() - began
            ends_at = min(len(samples) + share, protocol.max_iterations)
            turn_seconds, began = 0.0, perf_counter()
            while may_go_on and turn_seconds < TURN_SECONDS and len(samples) < ends_at:
                samples.append(clock(once))
                turn_seconds = perf_counter() - began
                found = stopping.rule(samples, spent_seconds + turn_seconds)
                rule = rule or found
                may_go_on = found in (None, StopRule.NARROW) and len(samples) < protocol.max_iterations
            spent_seconds += turn_seconds
        is_over = turns.pass_on(is_enough=rule is not None)
    assert rule is not None, "a part is over once all have enough"
    return samples, rule
