"""Warm forward passes: latency, throughput and peak memory."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.backends.protocol import Backend
from engine.domain.case import Case
from engine.domain.measurement import Measurement, Metric
from engine.domain.run import Protocol
from engine.stats.quantiles import median, order_statistic_interval
from engine.workloads.model_facts import count_on
from engine.workloads.observed import Observed
from engine.workloads.resident_memory import PeakMemory
from engine.workloads.skillset_module import check_outputs, import_module, inputs_of

_LOOK_EVERY = 5
"""Iterations between two looks at the interval: looking costs time and invites stopping by luck."""
_WARMUP_SECONDS = 0.1
"""Warm-up goes on at least so long: a few passes of a small model do not bring the clock up."""


def measure_inference(
    case: Case, protocol: Protocol, backend: Backend, path: str, *, with_facts: bool = False
) -> Observed:
    """Build the model, take its memory in passes of their own, then time passes until the protocol is content."""
    module = import_module(Path(path))
    memory = PeakMemory()
    skillset = module.load(size=case.size.value, device=backend.device, precision=case.precision.value)
    inputs = inputs_of(skillset, case)
    answer = skillset.infer(inputs)
    backend.synchronize()
    skillset.infer(inputs)
    backend.synchronize()
    peak = memory.above_start()
    check_outputs(answer["outputs"], case.batch_size)
    del answer

    def once() -> None:
        skillset.infer(inputs)
        backend.synchronize()

    warm_up(once, protocol)
    samples, is_narrow = timed_passes(once, protocol)
    measurements = [
        Measurement(metric=Metric.LATENCY, samples=tuple(samples)),
        Measurement(metric=Metric.THROUGHPUT, samples=(case.batch_size * len(samples) / sum(samples),)),
    ]
    if peak is not None:
        measurements.append(Measurement(metric=Metric.PEAK_MEMORY, samples=(peak,)))
    facts, why_not = count_on(skillset, inputs) if with_facts else (None, None)
    notes = [] if is_narrow else [_wide_note(samples, protocol)]
    return Observed(
        device=str(skillset.device),
        fallback_reason=skillset.fallback_reason,
        measurements=tuple(measurements),
        checksum=module.describe()["checksum"],
        facts=facts,
        notes=tuple(notes + ([why_not] if why_not else [])),
    )


def warm_up(once: Callable[[], None], protocol: Protocol) -> None:
    """At least the protocol's passes, and at least a tenth of a second, both discarded."""
    begun = time.perf_counter()
    passes = 0
    while passes < protocol.warmup or (protocol.warmup and time.perf_counter() - begun < _WARMUP_SECONDS):
        once()
        passes += 1


def timed_passes(once: Callable[[], None], protocol: Protocol) -> tuple[list[float], bool]:
    """Seconds of each pass, with the garbage collector held; whether the interval became narrow enough."""
    samples: list[float] = []
    is_narrow = False
    with _no_collector():
        begun = time.perf_counter()
        while len(samples) < protocol.max_iterations:
            started = time.perf_counter()
            once()
            ended = time.perf_counter()
            samples.append(ended - started)
            if len(samples) < protocol.min_iterations:
                continue
            if len(samples) % _LOOK_EVERY == 0 or len(samples) == protocol.min_iterations:
                is_narrow = relative_halfwidth(samples) <= protocol.target_relative_halfwidth
            if is_narrow or ended - begun >= protocol.max_seconds:
                break
    return samples, is_narrow


def relative_halfwidth(samples: Sequence[float]) -> float:
    """How far the wider side of the median's interval reaches, over the median; infinite without an interval."""
    interval = order_statistic_interval(samples)
    if interval is None:
        return float("inf")
    middle = median(samples)
    return max(middle - interval[0], interval[1] - middle) / middle


@contextmanager
def _no_collector() -> Iterator[None]:
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _wide_note(samples: Sequence[float], protocol: Protocol) -> str:
    width = relative_halfwidth(samples)
    goal = f"{protocol.target_relative_halfwidth:.0%}"
    if width == float("inf"):
        return f"Only {len(samples)} iterations: too few for an interval within the process."
    spent = "time" if len(samples) < protocol.max_iterations else "iterations"
    return f"The interval within the process is ±{width:.1%}, wider than {goal}, when the {spent} ran out."
