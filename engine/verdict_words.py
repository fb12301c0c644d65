"""Verdicts, and what they could have resolved, in the words of every screen, report and command."""

from __future__ import annotations

from engine.domain.calibration import Resolution, SpreadSource
from engine.domain.summary import Comparison, PairedCase, Verdict
from engine.formatting import (
    THIN_SPACE,
    counted,
    format_change,
    format_count,
    format_percent,
    format_ratio,
    format_times,
    ratio_word,
)


def format_comparison(comparison: Comparison, *, margin: float = 0.03) -> str:
    """The verdict in words, as every screen and report says it."""
    if comparison.verdict is Verdict.SAME:
        return f"same (within ±{margin * 100:g}{THIN_SPACE}%)"
    if comparison.verdict is Verdict.UNDECIDED:
        return f"undecided, n = {min(comparison.processes)}"
    return format_ratio(comparison.ratio, comparison.metric)


def format_paired(paired: PairedCase, *, margin: float = 0.03) -> str:
    """The verdict of pairs as a sentence: "bf16 is 1.80x faster than fp32 (1.70x to 1.90x), 10 pairs: better"."""
    (base, new), found = paired.words, paired.found
    pairs = counted(found.pairs, "pair")
    if found.verdict is Verdict.SAME:
        within = f"within ±{margin * 100:g}{THIN_SPACE}%"
        return f"{new} and {base} come to the same {paired.metric.title.lower()} ({within}), {pairs}: same"
    if found.verdict is Verdict.UNDECIDED:
        measured = f"{format_change(found.ratio)} {paired.metric.title.lower()}"
        between = "" if found.low is None or found.high is None else f" ({_changes(found.low, found.high)})"
        return f"{new} against {base}: {measured}{between}, {pairs}: undecided, {would_decide(found.to_decide)}"
    word = ratio_word(found.ratio, paired.metric)
    takes = f"takes {format_times(found.ratio)} {word} memory" if word in ("more", "less") else None
    says = takes or f"is {format_times(found.ratio)} {word}"
    between = ""
    if found.low is not None and found.high is not None:
        low, high = (found.low, found.high) if found.ratio > 1 else (1 / found.high, 1 / found.low)
        between = f" ({_times(low)} to {_times(high)})"
    return f"{new} {says} than {base}{between}, {pairs}: {found.verdict}"


def would_decide(pairs: int | None) -> str:
    """How many pairs an undecided verdict wants."""
    return "more pairs would likely not decide" if pairs is None else f"about {counted(pairs, 'pair')} would decide"


def format_resolution(found: Resolution | None) -> str:
    """What every verdict says beside itself: which change its processes could have resolved, among how many."""
    if found is None:
        return "not calibrated"
    among = "" if found.comparisons == 1 else f" among {format_count(found.comparisons)}"
    if found.change is not None:
        return f"resolves ±{format_percent(found.change)}{among}"
    return f"{found.fewest} {_replicates(found)} would resolve ±{format_percent(found.with_fewest)}{among}"


def resolution_grounds(found: Resolution | None) -> str:
    """Where the resolution comes from, in a sentence or two."""
    if found is None:
        return (
            "How much processes differ on the machine of these figures is not known: calibrate it (`modeldyno doctor` "
            "there), or measure five processes or more."
        )
    spread = {
        SpreadSource.CASE: "the spread of the case's own processes",
        SpreadSource.MACHINE: "the spread of a known matrix product when its machine was calibrated",
    }[found.source]
    alone = f"the only one of {format_count(found.comparisons)} comparisons that differs"
    several = "where several differ, each is found more easily"
    if found.change is None:
        needed = f"{found.fewest} pairs" if found.in_pairs else f"{found.fewest} processes on each side"
        if found.comparisons == 1:
            return f"A verdict needs {needed}. By {spread}."
        return f"Corrected for one another, a verdict on {alone} needs {needed}; {several}. By {spread}."
    measured = f"{found.processes[0]}" if found.in_pairs else f"{found.processes[0]} and {found.processes[1]}"
    sure = f"A change of {format_percent(found.change)} would be found four times out of five with {measured}"
    if found.comparisons == 1:
        return f"{sure} {_replicates(found)}; smaller ones mostly stay undecided. By {spread}."
    return (
        f"{sure} {_replicates(found)} in {alone}; smaller ones mostly stay undecided. Corrected for one another; "
        f"{several}. By {spread}."
    )


def _times(ratio: float) -> str:
    """A bound of a ratio, which may lie below 1."""
    return f"{ratio:,.{1 if ratio >= 9.995 else 2}f}x"


def _changes(low: float, high: float) -> str:
    return f"{format_change(low)} to {format_change(high)}"


def _replicates(found: Resolution) -> str:
    return "pairs" if found.in_pairs else "processes"
