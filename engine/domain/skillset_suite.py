"""What a skillset is tested for, suite by suite, and how each check of a suite ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.domain.conformance import Check


class Trial(StrEnum):
    """One thing that a suite asks beyond what an examination asks (`Check`), in the order of asking."""

    MEMORY_GROWTH = "memory_growth"
    """The tenth forward pass leaves no more memory behind than the second."""
    MEMORY_PEAK = "memory_peak"
    """A forward pass takes at its peak what its weights and its own values explain."""
    MISSING_INPUT = "missing_input"
    """A pass without an input that the model needs, or without any, is refused."""
    UNKNOWN_INPUT = "unknown_input"
    """An input by a name that no part of the model takes is refused."""
    WRONG_DTYPE = "wrong_dtype"
    """Text, and fractions as token ids, are refused; whole numbers where real ones are due change nothing."""
    WRONG_RANK = "wrong_rank"
    """An input with a dimension too few or too many is refused, or read as the same numbers."""
    BEYOND_VOCABULARY = "beyond_vocabulary"
    """A token id for which no table of the model has a row is refused."""
    NOT_A_NUMBER = "not_a_number"
    """Not-a-number in pixels or other real values is refused or shows in the outputs."""
    EMPTY_BATCH = "empty_batch"
    """Inputs for no example are not made, and none that are empty are answered as if they were not."""
    UNKNOWN_DEVICE = "unknown_device"
    """A device that there is not is refused by its name."""
    UNKNOWN_PRECISION = "unknown_precision"
    """A precision that there is not is refused by its name."""
    UNKNOWN_SIZE = "unknown_size"
    """A size that there is not is refused by its name."""
    BROKEN_WEIGHTS = "broken_weights"
    """A checkpoint without a weights file, or with one that is none, is refused by its name."""
    TRUNCATED_WEIGHTS = "truncated_weights"
    """A checkpoint whose safetensors ends too early, or lacks a weight, is refused by its name."""
    OUT_OF_MEMORY = "out_of_memory"
    """Without memory to go on, the process ends and says so."""
    KILLED = "killed"
    """A process that is killed amid a pass is reported as that, and the next one runs."""
    TIME_LIMIT = "time_limit"
    """A process that does not come to its end is stopped at its time limit and is gone."""


SuiteCheck = Check | Trial

IN_PROCESSES_OF_THEIR_OWN = (Trial.OUT_OF_MEMORY, Trial.KILLED, Trial.TIME_LIMIT)
"""Trials that are about how a process ends; all others are made one after another in one process."""


class SkillsetSuite(StrEnum):
    """A set of checks that is asked for by one name."""

    BASIC = "basic"
    """It imports, builds and runs, and its numbers are numbers."""
    COMPREHENSIVE = "comprehensive"
    """That, and it repeats itself, keeps examples apart, saves, loads, generates, and keeps to its memory."""
    FAULT_TOLERANCE = "fault_tolerance"
    """What is wrong is refused with a reason, and what dies is reported and hurts nothing else."""


_BASIC: tuple[SuiteCheck, ...] = (Check.IMPORT, Check.CONSTRUCT, Check.FORWARD, Check.FINITE)
_MEMORY = (Trial.MEMORY_GROWTH, Trial.MEMORY_PEAK)

SUITES: Mapping[SkillsetSuite, tuple[SuiteCheck, ...]] = {
    SkillsetSuite.BASIC: _BASIC,
    SkillsetSuite.COMPREHENSIVE: (*Check, *_MEMORY),
    SkillsetSuite.FAULT_TOLERANCE: (*_BASIC[:3], *(trial for trial in Trial if trial not in _MEMORY)),
}
"""What each suite asks, in the order of asking, all that a check needs among it."""


class SuiteVerdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    """It was tried and came out wrong, the end of its process in the midst of it included."""
    NOT_APPLICABLE = "not_applicable"
    """The model has no such thing, such as generate() of an image classifier, or this system does not tell it."""
    NOT_TRIED = "not_tried"
    """A check that it needs did not pass; the reason names it."""
    ERROR = "error"
    """It could not be tried here: a package is missing, or no process could be started."""


class Unit(StrEnum):
    BYTES = "B"
    SECONDS = "s"
    COUNT = "1"
    OPERATIONS = "FLOP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One figure that a check observed."""

    name: str
    """Such as resident_growth_per_pass."""
    value: float
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCheckOutcome:
    check: SuiteCheck
    verdict: SuiteVerdict
    reason: str | None = None
    """One sentence; None when it passed without a remark."""
    detail: str | None = None
    """What was tried and what came of it, the traceback, or the end of the process's log."""
    seconds: float | None = None
    """None where it was not tried."""
    measured: tuple[Quantity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteOutcome:
    """One suite over one skillset: what its tiny model did on the processor in fp32."""

    model_type: str
    suite: SkillsetSuite
    outcomes: tuple[SuiteCheckOutcome, ...]
    """One for each check of the suite, in its order."""
    path: str
    """Of the module that was tested."""
    checksum: str
    """Of that module's text, and of the file's that it shares with others."""
    processes: int
    """How many were started: one, and another for each that died or is about how a process ends."""
    seconds: float
    environment_id: str
    started_at: datetime

    @property
    def verdict(self) -> SuiteVerdict:
        """Of the suite as a whole: a failure decides, then an error; passed when something did."""
        found = {outcome.verdict for outcome in self.outcomes}
        for verdict in (SuiteVerdict.FAILED, SuiteVerdict.ERROR, SuiteVerdict.PASSED):
            if verdict in found:
                return verdict
        return SuiteVerdict.NOT_APPLICABLE

    def count(self, verdict: SuiteVerdict) -> int:
        return sum(outcome.verdict is verdict for outcome in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteProgress:
    done: int
    """Checks that have ended."""
    total: int
    step: str
    """What is under way, in words to show."""
    news: tuple[SuiteCheckOutcome, ...] = ()
    """What has ended since it was told last."""


def suite_check_of(name: str) -> SuiteCheck:
    """The check or trial of this name; ValueError where there is none."""
    return next((check for check in Check if check == name), None) or Trial(name)
