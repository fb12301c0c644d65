"""Warm forward passes: latency, throughput, and peak memory in a pass of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.run import Protocol
from engine.formatting import counted
from engine.workloads.allocator import keep_freed_memory
from engine.workloads.outputs import check_outputs
from engine.workloads.skillset_module import checksum_of, import_skillset
from engine.workloads.stopping import Stopping, StopRule, is_warm
from engine.workloads.timed_turns import iterations_in_turns
from engine.workloads.workload import Clock, Device, Observation, Turns, seconds_by_host

_MEMORY_PASSES = 2
_BY_EVENTS = "Latency is by the device's own events; throughput is over wall time, launching and waiting included."
_NO_ENERGY_IN_TURNS = "Energy is not told in turns: the counter would count the partner's as well."


class Inference:
    name = Workload.INFERENCE

    def run(self, skillset_path: Path, case: Case, protocol: Protocol, device: Device) -> Observation:
        module = import_skillset(skillset_path)
        threads = device.ready()
        meter = device.memory_meter()
        session = device.open(module, case)
        keep_freed_memory()
        energy = device.energy_meter()
        untold = []
        if energy is not None and device.turns is not None:
            energy, untold = None, [_NO_ENERGY_IN_TURNS]

        def once() -> None:
            session.infer()
            device.synchronize()

        first_seconds = _timed(lambda: check_outputs(session.infer(), case.batch_size))
        warmup = warm_up(once, protocol, first_seconds)
        if energy is not None:
            energy.start()
        if device.clock is None:
            samples, rule = timed_iterations(once, protocol, turns=device.turns)
            wall_seconds = sum(samples)
        else:  # the device's events stand around its work, so that waiting for it is no part of the time
            clock = WithWallTime(device.clock)
            samples, rule = timed_iterations(session.infer, protocol, clock)
            wall_seconds = clock.wall_seconds
        joules = None if energy is None else energy.joules()
        meter.start_pass()
        for _ in range(_MEMORY_PASSES):
            once()
        peak = meter.peak_bytes()
        found = {Metric.LATENCY: samples, Metric.THROUGHPUT: [case.batch_size * len(samples) / wall_seconds]}
        if peak is not None:
            found[Metric.PEAK_MEMORY] = [float(peak)]
        if joules is not None:
            found[Metric.ENERGY] = [joules / (case.batch_size * len(samples))]
        how = (
            f"{counted(threads, 'thread')}, {warmup} warm-up and {len(samples)} timed iterations; "
            f"stopped because {rule}."
        )
        by_events = [] if device.clock is None else [_BY_EVENTS]
        return Observation(
            samples=found,
            actual_device=session.actual_device,
            notes=[how, *by_events, *session.notes, *meter.notes, *([] if energy is None else energy.notes), *untold],
            skillset=session.skillset,
            inputs=session.inputs,
            checksum=checksum_of(module),
            board=device.board(),
        )


class WithWallTime:
    """A device's clock that counts beside it the time by the clock of this machine, which is what a person waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.wall_seconds = 0.0
        """Over all actions so far, from launching each to having waited for it."""

    def __call__(self, action: Callable[[], object]) -> float:
        before = perf_counter()
        seconds = self._clock(action)
        self.wall_seconds += perf_counter() - before
        return seconds


def warm_up(once: Callable[[], object], protocol: Protocol, first_seconds: float) -> int:
    """Run until warm by rule; how many iterations were discarded, the first one included."""
    seconds = [first_seconds]
    while not is_warm(seconds, protocol):
        seconds.append(_timed(once))
    return len(seconds)


def timed_iterations(
    once: Callable[[], object],
    protocol: Protocol,
    clock: Clock = seconds_by_host,
    *,
    turns: Turns | None = None,
) -> tuple[list[float], StopRule]:
    """Seconds of each iteration by `clock`, and the rule that ended them. The garbage collector is held meanwhile."""
    stopping = Stopping(protocol)
    samples: list[float] = []
    rule: StopRule | None = None
    with collector_held():
        if turns is not None:
            return iterations_in_turns(once, protocol, turns, clock)
        started = perf_counter()
        while rule is None:
            samples.append(clock(once))
            rule = stopping.rule(samples, perf_counter() - started)
    return samples, rule


@contextmanager
def collector_held() -> Iterator[None]:
    """No automatic collection inside; afterwards as before."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _timed(action: Callable[[], object]) -> float:
    before = perf_counter()
    action()
    return perf_counter() - before
