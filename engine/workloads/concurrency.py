"""Several workers that answer requests at once, against one of them alone.

Workers are processes, not threads. The library swaps functions of torch for its own while it builds a model, so models
cannot be built in two threads at once; in threads, all Python between two kernels would wait for one lock, which says
more of Python than of the machine; and people serve with a process for each worker. So each has a model of its own.

What is compared: N workers with t threads each, and one of the same workers, with the same t threads, while the others
rest. t is what the case says, else an equal share of the cores. Rounds of both kinds alternate, in turned order each
time, so that a machine that becomes slower does so for both. The speed-up is the ratio of the two rates.
"""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.run import WORKERS, Protocol
from engine.errors import NotEnoughData
from engine.formatting import counted
from engine.stats.quantiles import median
from engine.workloads.answer import is_reference
from engine.workloads.crew import Crew, hired
from engine.workloads.skillset_module import checksum_of, import_skillset
from engine.workloads.stopping import Stopping, StopRule
from engine.workloads.worker import Opened, Span
from engine.workloads.workload import Device, Observation

_FEWEST_REQUESTS = 4
"""Of each worker in a round: the first does not count, nor what of the last ones comes after the others have ended."""
_MOST_LOST = 10
"""Rounds in a row in which workers were never busy together."""
_PROBES = 3
_MEMORY_REQUESTS = 2


class Concurrency:
    name = Workload.CONCURRENCY

    def run(self, skillset_path: Path, case: Case, protocol: Protocol, device: Device) -> Observation:
        count = case.workers or WORKERS
        module = import_skillset(skillset_path)
        with hired(count, module, case, protocol, device) as crew:
            opened: list[Opened] = crew.all("open")
            warmup = min(crew.all("warm"))
            requests = _requests_of_a_round(crew, protocol)
            rounds, rule, lost = alternate(
                lambda number: [crew.one(number % count, "answer", requests, False)],
                lambda: crew.all("answer", requests, True),
                protocol,
            )
            peaks = crew.all("peak", _MEMORY_REQUESTS)
            said: bytes | None = None if is_reference(case) else crew.one(0, "say")
        together, alone = _rate(rounds, 1), _rate(rounds, 0)
        found = {
            Metric.REQUESTS_PER_SECOND: [together],
            Metric.SPEEDUP: [together / alone],
            Metric.SCALING_EFFICIENCY: [100 * together / alone / count],
            Metric.MODELS_PER_SECOND: [count / _length([one.span for one in opened])],
        }
        threads = opened[0].threads
        known = [peak for peak, _ in peaks if peak is not None]
        if len(known) == count:
            found[Metric.PEAK_MEMORY] = [float(sum(known))]
        remarks = [*opened[0].notes, *(note for _, notes in peaks for note in notes)]
        return Observation(
            samples=found,
            actual_device=", ".join(dict.fromkeys(one.actual_device for one in opened)),
            notes=[
                f"{count} workers, processes with a model of their own each and {counted(threads, 'thread')} each; "
                f"{warmup} warm-up passes, {len(rounds)} rounds of {requests} requests a worker, each beside one of a "
                f"worker alone; stopped because {rule}.",
                *_without_overlap(lost),
                "Peak memory is the sum over all workers.",
                *_too_many(count * threads),
                *dict.fromkeys(remarks),
            ],
            skillset=None,
            inputs={},
            checksum=checksum_of(module),
            answer=None if said is None else pickle.loads(said),
            board=opened[0].board,
        )


Round = tuple[tuple[float, float], tuple[float, float]]
"""Requests and seconds of one worker alone, and of all together."""


def alternate(
    one: Callable[[int], list[list[Span]]], everyone: Callable[[], list[list[Span]]], protocol: Protocol
) -> tuple[list[Round], StopRule, int]:
    """Rounds of both kinds until the interval of their ratio is narrow, by the same rules as iterations.

    And how many were repeated, because the workers were never busy together. Raises NotEnoughData after ten in a row.
    """
    stopping = Stopping(protocol)
    rounds: list[Round] = []
    ratios: list[float] = []
    rule: StopRule | None = None
    started = perf_counter()
    lost = lost_in_a_row = 0
    while rule is None:
        try:
            alone, together = _pair(one, everyone, len(rounds))
        except NotEnoughData:  # on a busy machine one may not get a turn before another is done
            lost += 1
            lost_in_a_row += 1
            if lost_in_a_row >= _MOST_LOST:
                raise
            continue
        lost_in_a_row = 0
        rounds.append((alone, together))
        ratios.append(together[0] / together[1] * alone[1] / alone[0])
        rule = stopping.rule(ratios, perf_counter() - started)
    return rounds, rule, lost


def _pair(one: Callable[[int], list[list[Span]]], everyone: Callable[[], list[list[Span]]], number: int) -> Round:
    if number % 2:
        together = busy(everyone())
        return busy(one(number)), together
    return busy(one(number)), busy(everyone())


def busy(spans: Sequence[Sequence[Span]]) -> tuple[float, float]:
    """Requests that were answered while every worker was busy, and the seconds of that; one list for each worker.

    It begins when every worker has answered its first one, so that whatever they wait for has its usual queue, and ends
    when the first of them has answered its last. A request that straddles an edge counts by the part of its time that
    lies inside, as if it were served evenly; where one only waits for others at an edge this is a part of a request too
    many. NotEnoughData where there is no such time.
    """
    begin = max(worker[0][1] for worker in spans)
    end = min(worker[-1][1] for worker in spans)
    if end <= begin:
        raise NotEnoughData("The workers were never busy at the same time; use a larger batch or longer sequence.")
    done = sum(
        max(0.0, min(ended, end) - max(begun, begin)) / (ended - begun) for worker in spans for begun, ended in worker
    )
    return done, end - begin


def _rate(rounds: Sequence[Round], kind: int) -> float:
    """Requests over seconds of all rounds of one kind."""
    return sum(found[kind][0] for found in rounds) / sum(found[kind][1] for found in rounds)


def _requests_of_a_round(crew: Crew, protocol: Protocol) -> int:
    """As many as make the fewest pairs of rounds fill the time budget, by what one worker alone takes for one."""
    spans: list[Span] = crew.one(0, "answer", _PROBES, False)
    seconds = median([ended - begun for begun, ended in spans])
    return max(_FEWEST_REQUESTS, math.ceil(protocol.max_seconds / (2 * protocol.min_iterations) / seconds))


def _without_overlap(rounds: int) -> list[str]:
    if not rounds:
        return []
    return [f"{counted(rounds, 'round')} more had no time in which all workers were busy, and were repeated."]


def _too_many(threads: int) -> list[str]:
    """What to say where there are more threads than cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads <= cores:
        return []
    return [f"All workers together have {threads} threads on {cores} cores, so they take turns."]


def _length(spans: Sequence[Span]) -> float:
    """From the first beginning to the last end."""
    return max(ended for _, ended in spans) - min(begun for begun, _ in spans)
