"""The meters of this machine, held against known sleeps, products and allocations; and verdicts against known truth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine.analysis.calibration import (
    MORE_WORK,
    Rounds,
    device_findings,
    memory_findings,
    noise_of,
    product_findings,
    repeatability,
    timer_findings,
    verdict_findings,
)
from engine.benchmarking.launchers import ProcessOutcome
from engine.benchmarking.run_in_turns import run_in_turns
from engine.domain.calibration import PAIRS, Calibration, CalibrationProgress, Finding, MachineNoise, MeterCheck
from engine.domain.result import FailureKind
from engine.errors import LauncherFailure
from engine.storage import calibrations
from engine.workflows.device_turns import PROCESSOR, Cancelled
from engine.workflows.system_share import SystemShare

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.workflows.workbench import Workbench

GROUPS = 50
"""Trials of verdicts, each a group of rounds."""
QUICK_GROUPS, THOROUGH_GROUPS = GROUPS // 5, GROUPS * 4
_MIB = 2**20
_TIMEOUT_SECONDS = 120.0
_PRODUCT = {"size": 96, "warmup": 3, "iterations": 30}
_REPETITIONS = 100
"""Products in one iteration: some milliseconds, as a small case takes."""
_SIDES = {"base": _REPETITIONS, "same": _REPETITIONS, "more": round(_REPETITIONS * MORE_WORK)}
_TIME_PRODUCT = "engine.benchmarking.calibration_products:time_product"
_FEWEST_PACED = 6
"""Processes that must have ended before what is left is estimated from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meter:
    """One process that calibrates meters, and how its readings are judged."""

    step: str
    function: str
    arguments: Mapping[str, Any]
    judge: Callable[[Mapping[str, Any]], list[Finding]]
    checks: tuple[MeterCheck, ...]


_METERS = (
    _Meter(
        step="Timing known sleeps",
        function="engine.benchmarking.calibration_timer:measure_timer",
        arguments={"empty_iterations": 2000, "sleeps": [0.001, 0.005, 0.02, 0.05], "repetitions": 20},
        judge=timer_findings,
        checks=(MeterCheck.TIMER_OVERHEAD, MeterCheck.TIMER_ERROR),
    ),
    _Meter(
        step="Timing known matrix products",
        function="engine.benchmarking.calibration_products:measure_products",
        arguments={"sizes": [256, 128, 384, 512], "counts": [1, 2, 4], "iterations": 60},
        judge=product_findings,
        checks=(MeterCheck.PRODUCT_SCALING, MeterCheck.PRODUCT_SPEED),
    ),
    _Meter(
        step="Metering known allocations",
        function="engine.benchmarking.calibration_memory:measure_memory",
        arguments={"sizes": [16 * _MIB, 64 * _MIB, 256 * _MIB]},
        judge=memory_findings,
        checks=(MeterCheck.RESIDENT_MEMORY, MeterCheck.ALLOCATOR_PEAK),
    ),
    _Meter(
        step="Metering known allocations on the GPU",
        function="engine.benchmarking.calibration_memory:measure_device_memory",
        arguments={"sizes": [16 * _MIB, 256 * _MIB]},
        judge=device_findings,
        checks=(MeterCheck.DEVICE_PEAK,),
    ),
)
_VERDICT_CHECKS = (
    MeterCheck.PRODUCT_REPEATABILITY,
    MeterCheck.FALSE_ALARMS,
    MeterCheck.FALSE_ALARMS_APART,
    MeterCheck.FALSE_ALARMS_IN_PAIRS,
    MeterCheck.POWER,
)


def calibrate(
    workbench: Workbench,
    *,
    groups: int = GROUPS,
    cancel: threading.Event | None = None,
    on_progress: Callable[[CalibrationProgress], None] | None = None,
) -> Calibration:
    """Calibrate this machine's meters in case processes, and store what was found.

    Waits for the measurement under way and holds up later ones: known work beside other work says nothing. `groups`
    are the trials of verdicts; one with fewer than usual is a quick one. A check whose process fails has that as its
    finding. Raises Cancelled, after which nothing is stored, and StorageError.
    """
    carried = _Carried(workbench, groups, cancel or threading.Event(), on_progress)
    with workbench.supervisor.device_turns.turn(PROCESSOR, carried.cancel, on_wait=carried.wait):
        share = SystemShare()
        began = time.monotonic()
        findings = [finding for meter in _METERS for finding in _meter_findings(carried, meter)]
        noise, of_verdicts = _verdicts(carried, groups)
        others, steal = share.taken(carried.cpu_seconds)
    found = Calibration(
        calibration_id=uuid4().hex[:12],
        environment_id=workbench.environment.environment_id,
        calibrated_at=datetime.now(UTC),
        seconds=time.monotonic() - began,
        is_quick=groups < GROUPS,
        findings=(*findings, *of_verdicts),
        noise=noise,
        cpu_busy_others=others,
        cpu_steal=steal,
    )
    workbench.database.write(lambda cursor: calibrations.save(cursor, found))
    return found


def newest_calibration(workbench: Workbench) -> Calibration | None:
    """The last one of this machine as it is now, however many trials it had; None before the first."""
    return _kept(workbench, "newest_calibration", calibrations.newest, workbench.environment.environment_id)


def counting_calibration(workbench: Workbench, environment_id: str | None = None) -> Calibration | None:
    """The one whose figures count in the environment, else in this one: one with more trials before those with fewer.

    None where none was made.
    """
    asked = environment_id or workbench.environment.environment_id
    return _kept(workbench, "counting_calibration", calibrations.counting, asked)


def _kept(
    workbench: Workbench,
    name: str,
    read: Callable[[DuckDBPyConnection, str], Calibration | None],
    environment_id: str,
) -> Calibration | None:
    """Read once per state of the database."""

    def fresh() -> Calibration | None:
        with workbench.database.cursor() as cursor:
            return read(cursor, environment_id)

    return workbench.memo.get((name, environment_id), workbench.database.writes, fresh)


def _meter_findings(carried: _Carried, meter: _Meter) -> list[Finding]:
    carried.step = meter.step
    try:
        return meter.judge(carried.run(meter.function, meter.arguments))
    except LauncherFailure as failure:
        return [Finding(check=check, value=None, problem=failure.message) for check in meter.checks]


def _verdicts(carried: _Carried, trials: int) -> tuple[MachineNoise | None, list[Finding]]:
    try:
        groups = [_group(carried, number, trials) for number in range(trials)]
    except LauncherFailure as failure:
        return None, [Finding(check=check, value=None, problem=failure.message) for check in _VERDICT_CHECKS]
    noise = noise_of(groups)
    spread = [repeatability(noise)] if noise is not None else []
    return noise, [*spread, *verdict_findings(groups)]


def _group(carried: _Carried, number: int, trials: int) -> Rounds:
    """Rounds of the three sides in processes that take turns; who comes first goes round, so that drift cancels.

    Before each round the base once more, in a process that has the machine for itself, as cases outside pairs have it.
    """
    carried.step = f"Same work and 5 % more, group {number + 1} of {trials}"
    seconds: dict[str, list[float]] = {side: [] for side in _SIDES}
    alone: list[float] = []
    order: Sequence[str] = list(_SIDES)
    for turn in range(PAIRS):
        told_alone = carried.run(_TIME_PRODUCT, {**_PRODUCT, "repetitions": _REPETITIONS, "ticket": None})
        alone.append(told_alone["seconds"])
        shift = (number * PAIRS + turn) % len(order)
        sides = (*order[shift:], *order[:shift])
        told = carried.run_in_turns(
            _TIME_PRODUCT,
            [{**_PRODUCT, "repetitions": _SIDES[side]} for side in sides],
            cores=1,
        )
        for side, one in zip(sides, told, strict=True):
            seconds[side].append(one["seconds"])
    return Rounds(alone=tuple(alone), **{side: tuple(values) for side, values in seconds.items()})


class _Carried:
    """A calibration under way: its processes, and how far it has come."""

    def __init__(
        self,
        workbench: Workbench,
        trials: int,
        cancel: threading.Event,
        on_progress: Callable[[CalibrationProgress], None] | None,
    ) -> None:
        self._workbench = workbench
        self._on_progress = on_progress
        self._total = len(_METERS) + trials * PAIRS * (1 + len(_SIDES))
        self._done = 0
        self._paced_from: float | None = None
        self.cancel = cancel
        self.cpu_seconds = 0.0
        """What its processes used, as far as they say."""
        self.step = ""

    def wait(self, line: str) -> None:
        self.step = line
        self._tell()

    def run(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What the function returned. Raises LauncherFailure with the reason, and Cancelled."""
        self._tell()
        outcome = self._workbench.launcher.run(
            function, arguments, timeout_seconds=_TIMEOUT_SECONDS, cancel=self.cancel
        )
        return self._value(outcome)

    def run_in_turns(
        self, function: str, arguments: Sequence[Mapping[str, Any]], *, cores: int
    ) -> list[dict[str, Any]]:
        """The same in processes that take turns on so many cores."""
        self._tell()
        outcomes = run_in_turns(
            self._workbench.launcher,
            function,
            arguments,
            cores=cores,
            timeout_seconds=_TIMEOUT_SECONDS,
            cancel=self.cancel,
        )
        return [self._value(outcome) for outcome in outcomes]

    def _value(self, outcome: ProcessOutcome) -> dict[str, Any]:
        self._done += 1
        self.cpu_seconds += outcome.cpu_seconds or 0.0
        if self._done == len(_METERS):
            self._paced_from = time.monotonic()
        if outcome.value is not None:
            return outcome.value
        failure = outcome.failure
        if failure is not None and failure.kind is FailureKind.CANCELLED:
            raise Cancelled
        raise LauncherFailure(failure.reason if failure is not None else "The process returned nothing.")

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(
                CalibrationProgress(
                    step=self.step, done=self._done, total=self._total, remaining_seconds=self._remaining()
                )
            )

    def _remaining(self) -> tuple[float, float] | None:
        paced = self._done - len(_METERS)
        if self._paced_from is None or paced < _FEWEST_PACED:
            return None
        left = (time.monotonic() - self._paced_from) / paced * (self._total - self._done)
        return 0.85 * left, 1.25 * left
