"""Checks of skillset suites in words: alike in the terminal and on pages."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.skillset_suite import (
    Quantity,
    SkillsetSuite,
    SuiteCheck,
    SuiteOutcome,
    SuiteVerdict,
    Trial,
    Unit,
)
from engine.formatting import format_bytes, format_duration
from engine.reports.coverage_words import CHECK_MEANINGS, CHECK_TITLES

_TRIAL_TITLES: Mapping[SuiteCheck, str] = {
    Trial.MEMORY_GROWTH: "Memory growth",
    Trial.MEMORY_PEAK: "Memory peak",
    Trial.MISSING_INPUT: "Missing input",
    Trial.UNKNOWN_INPUT: "Unknown input",
    Trial.WRONG_DTYPE: "Wrong dtype",
    Trial.WRONG_RANK: "Wrong rank",
    Trial.BEYOND_VOCABULARY: "Beyond vocabulary",
    Trial.NOT_A_NUMBER: "Not a number",
    Trial.EMPTY_BATCH: "Empty batch",
    Trial.UNKNOWN_DEVICE: "Unknown device",
    Trial.UNKNOWN_PRECISION: "Unknown precision",
    Trial.UNKNOWN_SIZE: "Unknown size",
    Trial.BROKEN_WEIGHTS: "Broken weights",
    Trial.TRUNCATED_WEIGHTS: "Truncated weights",
    Trial.OUT_OF_MEMORY: "Out of memory",
    Trial.KILLED: "Killed",
    Trial.TIME_LIMIT: "Time limit",
}

_TRIAL_MEANINGS: Mapping[SuiteCheck, str] = {
    Trial.MEMORY_GROWTH: "The tenth forward pass leaves no more memory behind than the second.",
    Trial.MEMORY_PEAK: "A forward pass takes at its peak what its weights and its own values explain.",
    Trial.MISSING_INPUT: "A pass without an input that the model needs is refused.",
    Trial.UNKNOWN_INPUT: "An input by a name that no part of the model takes is refused.",
    Trial.WRONG_DTYPE: "Text, and fractions as token ids, are refused; whole numbers as real ones change nothing.",
    Trial.WRONG_RANK: "A dimension too few or too many is refused, or read as the same numbers.",
    Trial.BEYOND_VOCABULARY: "A token id for which no table of the model has a row is refused.",
    Trial.NOT_A_NUMBER: "NaN in pixels or other real values is refused or shows in the outputs.",
    Trial.EMPTY_BATCH: "No inputs are made for no example, and nothing is not answered with something.",
    Trial.UNKNOWN_DEVICE: "A device that there is not is refused by its name.",
    Trial.UNKNOWN_PRECISION: "A precision that there is not is refused by its name.",
    Trial.UNKNOWN_SIZE: "A size that there is not is refused by its name.",
    Trial.BROKEN_WEIGHTS: "A checkpoint without weights, or with noise for weights, is refused by its name.",
    Trial.TRUNCATED_WEIGHTS: "A checkpoint whose weights end too early or lack one is refused by its name.",
    Trial.OUT_OF_MEMORY: "Without memory to go on, the process ends and says so.",
    Trial.KILLED: "A process that is killed amid a pass is reported as that, and the next one runs.",
    Trial.TIME_LIMIT: "A process that does not come to its end is stopped at its time limit and is gone.",
}

SUITE_CHECK_TITLES: Mapping[SuiteCheck, str] = {
    **{check: title for check, title in CHECK_TITLES.items()},
    **_TRIAL_TITLES,
}
SUITE_CHECK_MEANINGS: Mapping[SuiteCheck, str] = {
    **{check: words for check, words in CHECK_MEANINGS.items()},
    **_TRIAL_MEANINGS,
}

SUITE_MEANINGS: Mapping[SkillsetSuite, str] = {
    SkillsetSuite.BASIC: "It imports, builds and runs, and its numbers are numbers.",
    SkillsetSuite.COMPREHENSIVE: (
        "That, and it repeats itself, keeps examples apart, saves, loads, generates, and keeps to its memory."
    ),
    SkillsetSuite.FAULT_TOLERANCE: (
        "What is wrong is refused with a reason, and what dies is reported and hurts nothing else."
    ),
}

SUITE_VERDICT_TITLES: Mapping[SuiteVerdict, str] = {
    SuiteVerdict.PASSED: "passed",
    SuiteVerdict.FAILED: "failed",
    SuiteVerdict.NOT_APPLICABLE: "n/a",
    SuiteVerdict.NOT_TRIED: "not tried",
    SuiteVerdict.ERROR: "error",
}


def suite_words(outcome: SuiteOutcome) -> str:
    """A suite in a sentence: "bert fault tolerance: failed in 4.1 s, 14 passed, 1 failed, 2 n/a"."""
    counted = [
        f"{outcome.count(verdict)} {title}" for verdict, title in SUITE_VERDICT_TITLES.items() if outcome.count(verdict)
    ]
    suite = outcome.suite.value.replace("_", " ")
    ended = f"{SUITE_VERDICT_TITLES[outcome.verdict]} in {format_duration(outcome.seconds)}"
    return f"{outcome.model_type} {suite}: {ended}, {', '.join(counted)}"


def quantity_words(quantity: Quantity) -> str:
    """Such as "pass peak 1.2 MiB"."""
    value = quantity.value
    if quantity.unit is Unit.BYTES:
        shown = format_bytes(value)
    elif quantity.unit is Unit.SECONDS:
        shown = format_duration(value)
    else:
        shown = f"{value:.3g}"
    return f"{quantity.name.replace('_', ' ')} {shown}"
