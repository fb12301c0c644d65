"""What the meters of one machine were found to be worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from engine.errors import InvalidValue

PAIRS = 10
"""Rounds of one trial of whether more work is found."""


class MeterCheck(Enum):
    """The closed table of checks: name, unit of its value, title, and how the value comes about."""

    TIMER_OVERHEAD = (
        "timer_overhead",
        "share",
        "Timer overhead",
        "What timing an empty iteration reads, as a share of a case of 1 ms.",
    )
    TIMER_ERROR = (
        "timer_error",
        "share",
        "Timer error",
        "By how much our timer runs faster or slower than the kernel's raw clock, over sleeps of 1 to 50 ms; none may "
        "read less than was asked for.",
    )
    PRODUCT_SCALING = (
        "product_scaling",
        "share",
        "Time follows work",
        "One matrix product done 1, 2 and 4 times an iteration, in turns: by how much the time departs from 2 and 4.",
    )
    PRODUCT_SPEED = (
        "product_speed",
        "FLOP/s",
        "Matrix products",
        "Operations a second of known matrix products in fp32 with one thread: the fastest size.",
    )
    PRODUCT_REPEATABILITY = (
        "product_repeatability",
        "share",
        "Repeatability",
        "Standard deviation of the time of one and the same matrix product, over processes within some seconds.",
    )
    RESIDENT_MEMORY = (
        "resident_memory",
        "B",
        "Resident memory",
        "Known allocations by the meter of peak memory: the largest error beyond what is allowed, or the largest.",
    )
    ALLOCATOR_PEAK = (
        "allocator_peak",
        "B",
        "Allocator peak",
        "A tensor of known size made and freed within a pass: by how much its peak is misread.",
    )
    DEVICE_PEAK = (
        "device_peak",
        "B",
        "Device peak",
        "The same on the GPU, by the peak of torch's allocator there.",
    )
    FALSE_ALARMS = (
        "false_alarms",
        "share",
        "False alarms",
        "A matrix product against itself, five processes a side, alternating, each alone on the machine: how often a "
        "difference is told, corrected among ten comparisons.",
    )
    FALSE_ALARMS_APART = (
        "false_alarms_apart",
        "share",
        "False alarms one after the other",
        "The same with the five processes of one side after the five of the other, seconds later; two runs lie further "
        "apart.",
    )
    FALSE_ALARMS_IN_PAIRS = (
        "false_alarms_in_pairs",
        "share",
        "False alarms in pairs",
        "Ten pairs of a matrix product with itself, in turns of a moment: how often a difference is told, corrected "
        "among ten comparisons.",
    )
    POWER = (
        "power_half",
        "share",
        "A true +5\N{THIN SPACE}% where half differ",
        "A matrix product against 5 % more of it in ten pairs, in turns of a moment: how often it is found slower, "
        "corrected among ten comparisons of which five differ.",
    )

    def __init__(self, label: str, unit: str, title: str, definition: str) -> None:
        self.label = label
        """The name in SQL and JSON."""
        self.unit = unit
        """share (0..1), B or FLOP/s."""
        self.title = title
        self.definition = definition

    @property
    def wants_more(self) -> bool:
        """Whether its goal is the least it may be instead of the most."""
        return self is MeterCheck.POWER

    def reaches(self, value: float, goal: float) -> bool:
        return value >= goal if self.wants_more else value <= goal

    @staticmethod
    def named(label: str) -> MeterCheck:
        for check in MeterCheck:
            if check.label == label:
                return check
        raise InvalidValue(f"Unknown meter check {label!r}.", field="check")


class FindingState(StrEnum):
    REACHED = "reached"
    OPEN = "open"
    """The interval of the share that was counted holds the goal: so few trials show neither."""
    MISSED = "missed"
    FAILED = "failed"
    """It should have given a value and gave none."""
    UNAVAILABLE = "unavailable"
    """This machine has not what it is about."""
    TOLD = "told"
    """A value without a goal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    check: MeterCheck
    value: float | None
    """In the check's unit; None when there is none."""
    goal: float | None = None
    """The most the value may be, or the least (see `MeterCheck.wants_more`); None where none is set."""
    low: float | None = None
    """95 % interval, where the value is a share that was counted."""
    high: float | None = None
    detail: str = ""
    """The figures behind the value, in a sentence or two."""
    problem: str | None = None
    """Why there is no value."""
    is_available: bool = True

    @property
    def state(self) -> FindingState:
        if not self.is_available:
            return FindingState.UNAVAILABLE
        if self.value is None:
            return FindingState.FAILED
        if self.goal is None:
            return FindingState.TOLD
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        reached = {self.check.reaches(bound, self.goal) for bound in (low, high)}
        if len(reached) == 2:
            return FindingState.OPEN
        return FindingState.REACHED if reached == {True} else FindingState.MISSED


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineNoise:
    """How much one and the same work differs between processes of a machine."""

    process_spread: float
    """Standard deviation of the logarithm of process medians, of processes that ran within some seconds."""
    pair_spread: float
    """Standard deviation of the logarithm of the ratio of two processes that took turns of a moment."""
    processes: int
    pairs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One calibration of one machine."""

    calibration_id: str
    environment_id: str
    calibrated_at: datetime
    """When it ended."""
    seconds: float
    is_quick: bool
    """With fewer trials of verdicts than a full one."""
    findings: tuple[Finding, ...]
    noise: MachineNoise | None
    """None when it could not be measured."""
    cpu_busy_others: float | None = None
    """Share of the machine's CPU time that other programs took meanwhile, 0..1; None if not readable."""
    cpu_steal: float | None = None
    """Share that the hypervisor gave to other machines."""

    @property
    def missed(self) -> tuple[Finding, ...]:
        """What does not hold: goals that were missed, and checks that failed."""
        return tuple(
            finding for finding in self.findings if finding.state in (FindingState.MISSED, FindingState.FAILED)
        )

    @property
    def open(self) -> tuple[Finding, ...]:
        """What is not shown yet, for want of trials: neither held nor missed."""
        return tuple(finding for finding in self.findings if finding.state is FindingState.OPEN)

    @property
    def holds(self) -> bool:
        """Every goal is shown to hold: none is missed, and none left open."""
        return not self.missed and not self.open

    @property
    def trials(self) -> int | None:
        """Of verdicts; None when they came to nothing."""
        return self.noise.pairs // PAIRS if self.noise is not None else None

    def finding(self, check: MeterCheck) -> Finding | None:
        return next((finding for finding in self.findings if finding.check is check), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationProgress:
    """How far a calibration has come."""

    step: str
    done: int
    """Processes that have ended."""
    total: int
    remaining_seconds: tuple[float, float] | None = None

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 0.0


class SpreadSource(StrEnum):
    CASE = "case"
    """The case's own processes differ so much."""
    MACHINE = "machine"
    """Those of a known matrix product did when the machine was calibrated: the case itself has too few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Which change the processes behind a verdict could have shown."""

    change: float | None
    """The share that would be found with a power of 80 %, if no other of the `comparisons` differs; None with fewer
    processes than that needs."""
    with_fewest: float | None
    """What as many as it needs would resolve; None where there are enough."""
    source: SpreadSource
    processes: tuple[int, int]
    """Of each side; the number of pairs twice where they are pairs."""
    fewest: int
    """How many processes on each side, or pairs, a verdict needs on the only one of the `comparisons` that differs."""
    in_pairs: bool = False
    comparisons: int = 1
    """How many the verdict is corrected for, this one among them."""
