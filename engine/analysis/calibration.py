"""From what calibrating processes read to findings: what the meters are worth, and how surely verdicts are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.domain.calibration import Finding, MachineNoise, MeterCheck
from engine.domain.measurement import Metric
from engine.domain.summary import PairedRatio, Verdict
from engine.formatting import format_bytes, format_duration, format_number, join_words
from engine.stats.comparison import FEWEST_PROCESSES, Judged, compare, correct
from engine.stats.detectable import pooled_spread
from engine.stats.paired import paired_ratio
from engine.stats.proportion import share_interval
from engine.stats.quantiles import median

SHORT_CASE_SECONDS = 1e-3
MOST_OVERHEAD = 0.005
MOST_TIMER_ERROR = 0.001
MOST_SCALING_ERROR = 0.03
"""As much as the smallest change worth speaking of."""
MOST_MEMORY_SHARE, MOST_MEMORY_BYTES = 0.02, 4 * 2**20
"""The larger of the two is allowed."""
MOST_FALSE_ALARMS = 0.02
LEAST_POWER = 0.95
MORE_WORK = 1.05
FAMILY = 10
"""Comparisons that are corrected for one another: as many as a usual page tells."""

_DIFFERENT = (Verdict.BETTER, Verdict.WORSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Seconds of processes; at one place of all lies one round."""

    alone: tuple[float, ...]
    """The base work of processes that had the machine for themselves."""
    base: tuple[float, ...]
    """This and the other two took turns of a moment."""
    same: tuple[float, ...]
    """The same work once more."""
    more: tuple[float, ...]
    """5 % more of it."""


def timer_findings(read: Mapping[str, Any]) -> list[Finding]:
    """Of `calibration_timer.measure_timer`."""
    empty = median(read["empty_seconds"])
    overhead = Finding(
        check=MeterCheck.TIMER_OVERHEAD,
        value=empty / SHORT_CASE_SECONDS,
        goal=MOST_OVERHEAD,
        detail=f"An empty iteration reads {format_duration(empty)}, median of {len(read['empty_seconds']):,}; "
        f"{format_duration(read['between_seconds'])} pass between two.",
    )
    return [overhead, _sleeping(read["sleeps"])]


def product_findings(read: Mapping[str, Any]) -> list[Finding]:
    """Of `calibration_products.measure_products`."""
    once = read["by_count"][0]
    departures = {
        found["count"]: found["seconds"] / once["seconds"] * once["count"] / found["count"] - 1
        for found in read["by_count"][1:]
    }
    rates = {found["size"]: 2 * found["size"] ** 3 / found["seconds"] for found in read["by_size"]}
    told = [f"{format_number(rate / 1e9)} at {size}" for size, rate in rates.items()]
    scaled = [f"{count} times the work {1 + off:.3f} of {count} times the time" for count, off in departures.items()]
    return [
        Finding(
            check=MeterCheck.PRODUCT_SCALING,
            value=max(map(abs, departures.values())),
            goal=MOST_SCALING_ERROR,
            detail=f"{join_words(scaled).capitalize()}.",
        ),
        Finding(
            check=MeterCheck.PRODUCT_SPEED,
            value=max(rates.values()),
            detail=f"GFLOP/s by size of the square matrices: {', '.join(told)}.",
        ),
    ]


def memory_findings(read: Mapping[str, Any]) -> list[Finding]:
    """Of `calibration_memory.measure_memory`."""
    notes = " ".join(read["notes"])
    return [
        _memory(MeterCheck.RESIDENT_MEMORY, read["held"], notes),
        _memory(MeterCheck.ALLOCATOR_PEAK, read["gone"], notes),
    ]


def device_findings(read: Mapping[str, Any]) -> list[Finding]:
    """Of `calibration_memory.measure_device_memory`."""
    if read["gone"] is None:
        return [Finding(check=MeterCheck.DEVICE_PEAK, value=None, problem=read["reason"], is_available=False)]
    return [_memory(MeterCheck.DEVICE_PEAK, read["gone"], str(read["device"]))]


def verdict_findings(groups: Sequence[Rounds]) -> list[Finding]:
    """How often the same work is called different, and 5 % more work is found, by the product's own verdicts."""
    few = FEWEST_PROCESSES
    within = [compare(Metric.LATENCY, group.alone[::2], group.alone[1::2]) for group in groups]
    apart = [
        compare(Metric.LATENCY, group.alone[at : at + few], group.alone[at + few : at + 2 * few])
        for group in groups
        for at in range(0, len(group.alone) - 2 * few + 1, 2 * few)
    ]
    pairs = [paired_ratio(group.base, group.same) for group in groups]
    return [
        _alarms(MeterCheck.FALSE_ALARMS, within),
        _alarms(MeterCheck.FALSE_ALARMS_APART, apart),
        _alarms(MeterCheck.FALSE_ALARMS_IN_PAIRS, pairs),
        _power(groups, pairs),
    ]


def noise_of(groups: Sequence[Rounds]) -> MachineNoise | None:
    """None when no spread can be told."""
    few = FEWEST_PROCESSES
    blocks = [group.alone[at : at + few] for group in groups for at in range(0, len(group.alone) - few + 1, few)]
    ratios = [[new / old for old, new in zip(group.base, group.same, strict=True)] for group in groups]
    process_spread, pair_spread = pooled_spread(blocks), pooled_spread(ratios)
    if process_spread is None or pair_spread is None:
        return None
    return MachineNoise(
        process_spread=process_spread,
        pair_spread=pair_spread,
        processes=sum(map(len, blocks)),
        pairs=sum(map(len, ratios)),
    )


def repeatability(noise: MachineNoise) -> Finding:
    return Finding(
        check=MeterCheck.PRODUCT_REPEATABILITY,
        value=noise.process_spread,
        detail=f"Over {noise.processes:,} processes, {FEWEST_PROCESSES} at a time; the ratio of two in turns "
        f"by {noise.pair_spread * 100:.1f} % over {noise.pairs:,} pairs.",
    )


def _sleeping(sleeps: Sequence[Mapping[str, Any]]) -> Finding:
    short = [found for found in sleeps if min(found["read_seconds"]) < found["asked_seconds"]]
    late = [
        f"{format_duration(found['asked_seconds'])} sleeps last "
        f"{format_duration(median(found['read_seconds']) - found['asked_seconds'])} longer"
        for found in sleeps
    ]
    detail = f"Waking up is part of a sleep: {join_words(late)}."
    if short:
        found = short[0]
        shortest, asked = format_duration(min(found["read_seconds"])), format_duration(found["asked_seconds"])
        return Finding(
            check=MeterCheck.TIMER_ERROR,
            value=1 - min(found["read_seconds"]) / found["asked_seconds"],
            goal=0.0,
            detail=f"A sleep of {asked} read {shortest}: the timer loses time. {detail}",
        )
    offsets = [(found["asked_seconds"], _offset(found)) for found in sleeps if found["raw_seconds"]]
    if len(offsets) < 2:
        return Finding(
            check=MeterCheck.TIMER_ERROR,
            value=None,
            problem="This system has no second clock to hold the timer against; no sleep read less than asked.",
            is_available=False,
        )
    (short_sleep, first), (long_sleep, last) = min(offsets), max(offsets)
    return Finding(
        check=MeterCheck.TIMER_ERROR,
        value=abs(last - first) / (long_sleep - short_sleep),
        goal=MOST_TIMER_ERROR,
        detail=detail,
    )


def _offset(found: Mapping[str, Any]) -> float:
    """By how much our timer reads more than the raw clock inside it: reading that clock is part of every sleep."""
    return median([read - raw for read, raw in zip(found["read_seconds"], found["raw_seconds"], strict=True)])


def _memory(check: MeterCheck, found: Sequence[Mapping[str, Any]], note: str) -> Finding:
    if any(one["read"] is None for one in found):
        return Finding(
            check=check,
            value=None,
            problem="This system does not tell a process's peak memory.",
            is_available=False,
        )
    worst = max(found, key=lambda one: abs(one["read"] - one["size"]) / _allowed(one["size"]))
    told = [f"{format_bytes(one['size'])} read as {format_bytes(one['read'])}" for one in found]
    return Finding(
        check=check,
        value=float(abs(worst["read"] - worst["size"])),
        goal=_allowed(worst["size"]),
        detail=f"{', '.join(told)}. {note}".strip(),
    )


def _allowed(size: int) -> float:
    return max(MOST_MEMORY_SHARE * size, float(MOST_MEMORY_BYTES))


def _alarms(check: MeterCheck, judged: Sequence[Judged]) -> Finding:
    """Verdicts on the same work, corrected a family at a time; the share that calls it different."""
    alone = sum(found.verdict in _DIFFERENT for found in judged)
    wrong = sum(found.verdict in _DIFFERENT for found in _corrected(judged))
    same = sum(found.verdict is Verdict.SAME for found in judged)
    low, high = share_interval(wrong, len(judged))
    return Finding(
        check=check,
        value=wrong / len(judged),
        goal=MOST_FALSE_ALARMS,
        low=low,
        high=high,
        detail=f"{wrong} of {len(judged)} after correction, {alone} before; {same} called the same.",
    )


def _power(groups: Sequence[Rounds], same: Sequence[PairedRatio]) -> Finding:
    """How often 5 % more work is found, by verdicts that are corrected in a family of which half differs.

    A true difference that is the only one of its family is the hardest to find, one among others that all differ the
    easiest, as no correction bites there: the detail says how often the hardest succeeds.
    """
    more = [paired_ratio(group.base, group.more) for group in groups]
    before = sum(one.verdict is Verdict.WORSE for one in more)
    found, only = (
        sum(
            correct([one, *_following(more, at, differ - 1), *_following(same, at, FAMILY - differ)])[0].verdict
            is Verdict.WORSE
            for at, one in enumerate(more)
        )
        for differ in (FAMILY // 2, 1)
    )
    low, high = share_interval(found, len(more))
    ratios = [new / old for group in groups for old, new in zip(group.base, group.more, strict=True)]
    return Finding(
        check=MeterCheck.POWER,
        value=found / len(more),
        goal=LEAST_POWER,
        low=low,
        high=high,
        detail=f"Found in {found} of {len(more)} times {len(groups[0].base)} pairs as one of {FAMILY // 2} in {FAMILY} "
        f"that differ, {only} as the only one, {before} before correction; the median ratio is {median(ratios):.3f}.",
    )


def _following(judged: Sequence[PairedRatio], at: int, count: int) -> list[PairedRatio]:
    """As many as stand after `at`, from the start again after the last."""
    return [judged[(at + step) % len(judged)] for step in range(1, count + 1)]


def _corrected(judged: Sequence[Judged]) -> list[Judged]:
    """A family at a time; the last is filled up from the start, so that it is none the smaller."""
    found: list[Judged] = []
    for at in range(0, len(judged), FAMILY):
        family = list(judged[at : at + FAMILY])
        beside = list(judged[: min(at, FAMILY - len(family))])
        found += correct(family + beside)[: len(family)]
    return found
