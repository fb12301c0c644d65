"""Checks and verdicts in words, and how much works in a sentence: alike on the page, in the terminal, in print."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.coverage import CoverageCounts, CoverageEntry, Obstacle
from engine.formatting import counted, join_words

CHECK_TITLES: Mapping[Check, str] = {
    Check.IMPORT: "Import",
    Check.CONSTRUCT: "Construct",
    Check.FORWARD: "Forward",
    Check.FINITE: "Finite",
    Check.DETERMINISTIC: "Repeat",
    Check.BATCH: "Batch",
    Check.ROUND_TRIP: "Save",
    Check.GENERATE: "Generate",
    Check.COST: "Cost",
}

CHECK_MEANINGS: Mapping[Check, str] = {
    Check.IMPORT: "The module imports.",
    Check.CONSTRUCT: "The tiny model is built with random weights.",
    Check.FORWARD: "A forward pass with every modality that the model declares returns tensors.",
    Check.FINITE: "No output holds NaN or plus infinity.",
    Check.DETERMINISTIC: "Built again from the same seed, the model gives the same outputs bit for bit.",
    Check.BATCH: "A batch of two gives what its two examples give alone.",
    Check.ROUND_TRIP: "Saved and loaded again, the model has the same weights and outputs bit for bit.",
    Check.GENERATE: "generate() returns exactly four new tokens.",
    Check.COST: "The operations of a forward pass can be counted.",
}

VERDICT_TITLES: Mapping[Verdict, str] = {
    Verdict.WORKS: "works",
    Verdict.PARTIAL: "partial",
    Verdict.FAILS: "fails",
    Verdict.UNAVAILABLE: "unavailable",
    Verdict.NOT_APPLICABLE: "n/a",
    Verdict.NOT_TRIED: "not tried",
}

VERDICT_MEANINGS: Mapping[Verdict, str] = {
    Verdict.WORKS: "shown to work",
    Verdict.PARTIAL: "works, but not with everything",
    Verdict.FAILS: "was tried and failed",
    Verdict.UNAVAILABLE: "cannot be tried here, for want of a package or a device",
    Verdict.NOT_APPLICABLE: "the architecture has no such thing, or nothing to run alone",
    Verdict.NOT_TRIED: "it needs a check that did not do well, the time was up, or it was never examined",
}

OBSTACLE_WORDS: Mapping[Obstacle, tuple[str, str]] = {
    Obstacle.NEEDS_PACKAGE: ("needs a package", "need a package"),
    Obstacle.PART: ("is a part of another", "are parts of others"),
    Obstacle.NO_MODEL_CLASS: ("has no model class", "have no model class"),
    Obstacle.UNAVAILABLE: ("cannot be tried here", "cannot be tried here"),
    Obstacle.NOT_APPLICABLE: ("has nothing to run alone", "have nothing to run alone"),
    Obstacle.UNFINISHED: ("was not examined to the end", "were not examined to the end"),
    Obstacle.NEVER_EXAMINED: ("was never examined", "were never examined"),
}
"""Of one type and of several."""


def way_words(backend: str, precision: Precision) -> str:
    return f"{backend} {precision}"


def answer_sentence(counts: CoverageCounts, backend: str, precision: Precision) -> str:
    """What runs forward, and what becomes of the rest; its numbers add up to the total."""
    forward = counts.forward
    run = "runs forward with all its modalities" if counts.total == 1 else "run forward with all their modalities"
    of_all = f"{forward[Verdict.WORKS]:,} of {counted(counts.total, 'model type')}"
    head = f"{of_all} {run} on {way_words(backend, precision)}"
    rest = [
        (forward[Verdict.PARTIAL], "runs without one of them", "run without one of them"),
        (forward[Verdict.FAILS], "fails", "fail"),
        *((counts.obstacles[obstacle], *words) for obstacle, words in OBSTACLE_WORDS.items()),
    ]
    told = [f"{number:,} {one if number == 1 else many}" for number, one, many in rest if number]
    return f"{head}; {', '.join(told)}." if told else f"{head}."


def overall_sentence(counts: CoverageCounts) -> str:
    """How many types pass every check that applies to them, and which checks the others fail."""
    overall = counts.overall
    failing = sorted(
        ((tally[Verdict.FAILS], check) for check, tally in counts.checks.items() if tally[Verdict.FAILS]),
        key=lambda found: (-found[0], list(Check).index(found[1])),
    )
    works, fails = overall[Verdict.WORKS], overall[Verdict.FAILS]
    head = f"{works:,} {'passes' if works == 1 else 'pass'} every check that applies"
    if not failing:
        return f"{head}; none fails one."
    named = [f"{CHECK_TITLES[check].lower()} {number:,}" for number, check in failing]
    return f"{head}; {fails:,} {'fails' if fails == 1 else 'fail'} at least one: {join_words(named)}."


def summary_line(counts: CoverageCounts, backend: str, precision: Precision) -> str:
    """Every type once, by its verdict as a whole."""
    overall = counts.overall
    parts = [
        (overall[Verdict.PARTIAL], "works partially", "work partially"),
        (overall[Verdict.FAILS], "fails a check", "fail a check"),
        *((counts.overall_obstacles[obstacle], *words) for obstacle, words in OBSTACLE_WORDS.items()),
    ]
    told = [
        f"{overall[Verdict.WORKS]:,} of {counted(counts.total, 'model type')} work fully",
        *(f"{number:,} {one if number == 1 else many}" for number, one, many in parts if number),
    ]
    return f"{way_words(backend, precision)}: {', '.join(told)}."


def change_counts(kinds: Mapping[str, int]) -> str:
    """How many changes of each kind, regressions first; `kinds` is by the value of their kind."""
    words = (
        ("regression", "regression", "regressions"),
        ("other", "other change", "other changes"),
        ("improvement", "improvement", "improvements"),
        ("gone", "no longer examined", "no longer examined"),
        ("added", "newly examined", "newly examined"),
    )
    told = [f"{kinds[kind]:,} {one if kinds[kind] == 1 else many}" for kind, one, many in words if kinds.get(kind)]
    return ", ".join(told) or "nothing changed"


def conformance_command(model_types: Sequence[str], precision: Precision = Precision.FP32) -> str:
    """Examines these types again; all of them when none is named."""
    chosen = [f"--model {shlex.quote(name)}" for name in model_types] or ["--priority all"]
    usual = [] if precision is Precision.FP32 else [f"--precision {precision}"]
    return " ".join(["modeldyno conformance", *chosen, *usual])


def reason_words(entry: CoverageEntry) -> str:
    """Why a type does not work fully; a verdict without a reason says at least itself."""
    return entry.first_reason or f"{VERDICT_TITLES[entry.verdict].capitalize()}, for no reason that was recorded."
